import { expect, it } from 'vitest'
import { asked, callsBehind, periodOf, wholeFilter } from './reports'

const SUNDAY = new Date(2026, 10, 29, 15)

it('begins a week on Monday and a month on its first', () => {
  expect(periodOf('today', SUNDAY)).toEqual({ from: '2026-11-29', to: '2026-11-29' })
  expect(periodOf('week', SUNDAY)).toEqual({ from: '2026-11-23', to: '2026-11-29' })
  expect(periodOf('month', SUNDAY)).toEqual({ from: '2026-11-01', to: '2026-11-29' })
})

it('chooses steps that fit on the page', () => {
  expect(wholeFilter({}, SUNDAY).step).toBe('day')
  expect(wholeFilter({ from: '2026-11-29', to: '2026-11-29' }).step).toBe('hour')
  expect(wholeFilter({ from: '2026-01-01', to: '2026-11-29' }).step).toBe('month')
  expect(wholeFilter({ from: '2026-11-29', to: '2026-11-29', step: 'week' }).step).toBe('week')
})

it('asks to the end of the last day', () => {
  const { from, to } = asked({ from: '2026-11-23', to: '2026-11-23' })
  expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(86_400_000)
})

it('leads from a figure to the calls it counts, of an hour to the very hour', () => {
  const week = { from: '2026-11-23', to: '2026-11-29', queue: 'support' }
  expect(callsBehind('came', week).query).toEqual({ ...week, figure: 'came' })
  expect(callsBehind('short', { ...week, short_s: '0' }).query).toEqual({ ...week, short_s: '0', figure: 'short' })
  const hour = { from: '2026-11-23T08:00:00Z', to: '2026-11-23T09:00:00Z' }
  expect(callsBehind('handled', { ...week, step: 'hour' }, { agent: 'a' }, hour).query).toEqual({ queue: 'support', agent: 'a', ...hour, figure: 'handled' })
  const day = { from: new Date(2026, 10, 24).toISOString(), to: new Date(2026, 10, 25).toISOString() }
  expect(callsBehind('came', week, {}, day).query).toMatchObject({ from: '2026-11-24', to: '2026-11-24' })
})
