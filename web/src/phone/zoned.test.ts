import { describe, expect, it } from 'vitest'
import { fieldsIn, momentIn } from './zoned'

describe('a time as the customer means it', () => {
  it.each([
    ['Europe/Moscow', '2026-11-27', '15:30', '2026-11-27T12:30:00.000Z'],
    ['Asia/Baku', '2026-07-01', '09:00', '2026-07-01T05:00:00.000Z'],
    ['Europe/Rome', '2026-07-01', '09:00', '2026-07-01T07:00:00.000Z'],
    ['Europe/Rome', '2026-12-01', '09:00', '2026-12-01T08:00:00.000Z'],
    ['America/New_York', '2026-03-08', '12:00', '2026-03-08T16:00:00.000Z'],
  ])('%s %s %s', (zone, date, time, moment) => {
    expect(momentIn(zone, date, time).toISOString()).toBe(moment)
    expect(fieldsIn(zone, new Date(moment))).toEqual({ date, time })
  })

  it('is the viewer’s own where no zone is known', () => {
    expect(momentIn('', '2026-11-27', '15:30')).toEqual(new Date('2026-11-27T15:30'))
    expect(fieldsIn('', new Date('2026-11-27T15:30'))).toEqual({ date: '2026-11-27', time: '15:30' })
  })
})
