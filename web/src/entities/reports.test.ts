import { expect, it } from 'vitest'
import { asked, periodOf, wholeFilter } from './reports'

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
