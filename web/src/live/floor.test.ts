import { expect, test } from 'vitest'
import type { Desk, Floor } from '@/api/types'
import { foldFloor } from './floor'

const desk = (id: string, state: string) => ({ me: { id }, presence: { state } }) as Desk
const anna = desk('anna', 'available')
const floor: Floor = { agents: [anna, desk('boris', 'available')], queues: [], unowned: [], missed: [] }

test('a change puts, adds and takes away desks and leaves the rest as it is', () => {
  const now = foldFloor(floor, { agents: [desk('boris', 'talking'), desk('chiara', 'available')], gone: [] })
  expect(now.agents.map((one) => [one.me.id, one.presence.state])).toEqual([['anna', 'available'], ['boris', 'talking'], ['chiara', 'available']])
  expect(now.agents[0]).toBe(anna)
  expect(foldFloor(now, { agents: [], gone: ['boris'] }).agents.map((one) => one.me.id)).toEqual(['anna', 'chiara'])
})

test('what a change does not name is as before', () => {
  const now = foldFloor(floor, { agents: [], gone: [], missed: [] })
  expect(now.agents).toBe(floor.agents)
  expect(now.queues).toBe(floor.queues)
})
