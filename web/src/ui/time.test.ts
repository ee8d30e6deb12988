import { expect, it } from 'vitest'
import { ago, duration } from './time'

it('writes durations the way a watch does', () => {
  expect([0, 23_000, 725_000, 3_723_000, -5].map(duration)).toEqual(['0:00', '0:23', '12:05', '1:02:03', '0:00'])
})

it('says how long ago in words, and the date once that says more', () => {
  const from = Date.parse('2026-11-24T12:00:00Z')
  const said = ['2026-11-24T11:59:50Z', '2026-11-24T11:55:00Z', '2026-11-23T12:00:00Z'].map((at) => ago(at, 'en', from))
  expect(said).toEqual(['now', '5 minutes ago', 'yesterday'])
  expect(ago('2026-01-05T12:00:00Z', 'en', from)).toBe('Jan 5, 2026')
})
