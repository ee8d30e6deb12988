import { expect, it } from 'vitest'
import { fresh, lasts, sent, shown, weeklyMinutes } from './calendar'

const kept = {
  ...fresh('Office'), zone: 'Europe/Rome',
  week: [[{ opens: '00:00', closes: '24:00' }], [{ opens: '18:00', closes: '02:00' }], [], [], [], [], []],
  holidays: [{ on: '2026-12-24', name: 'Eve', yearly: true, hours: [{ opens: '09:00', closes: '24:00' }] }],
}

it('shows midnight as a time field can, and sends it as it was', () => {
  expect(shown([kept])[0]?.week[0]).toEqual([{ opens: '00:00', closes: '00:00' }])
  expect(sent(shown([kept]))).toEqual([kept])
})

it('counts a whole day and a night', () => {
  expect(weeklyMinutes(kept)).toBe((24 + 8) * 60)
})

it('begins with working days', () => {
  expect(weeklyMinutes(fresh('New'))).toBe(5 * 9 * 60)
  expect(fresh('New').id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('takes no interval without a length but the whole day', () => {
  expect([lasts({ opens: '09:00', closes: '09:00' }), lasts({ opens: '00:00', closes: '00:00' }), lasts({ opens: '22:00', closes: '06:00' })]).toEqual([false, true, true])
})
