import { expect, test } from 'vitest'
import { placesOf } from './queuePlaces'

const LINES = [
  { queue: 'support', pbx: 'main', label: 'Support' },
  { queue: 'support', pbx: 'branch', label: '' },
]
const told = (several: boolean, queue: string, pbx: string) => placesOf(LINES, several, { queue, pbx }).map((one) => [one.label, one.pbx])

test('queues of one name on two PBXs are two', () => {
  expect(told(true, '', '')).toEqual([['Support', 'main'], ['support', 'branch']])
})
test('one that is asked for by its name alone, or is gone, can be seen to be', () => {
  expect(told(true, 'support', '').at(-1)).toEqual(['support', ''])
  expect(told(true, 'closed', 'main').at(-1)).toEqual(['closed', 'main'])
})
test('where there is one PBX nothing is said of it', () => {
  expect(placesOf(LINES.slice(0, 1), false, { queue: 'support', pbx: '' })).toEqual([{ queue: 'support', pbx: '', label: 'Support' }])
})
