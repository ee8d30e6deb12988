import type { Calendar, Interval } from '@/entities/routing'

export const MOST = { calendars: 50, intervals: 8, holidays: 400 } as const
const WORKING_DAYS = 5

/** Time fields know no 24:00: a day that ends at midnight ends at 00:00 there. */
export const shown = (all: readonly Calendar[]): Calendar[] => hoursOf(all, (one) => ({ ...one, closes: one.closes === '24:00' ? '00:00' : one.closes }))
export const sent = (all: readonly Calendar[]): Calendar[] =>
  hoursOf(all, (one) => ({ ...one, closes: one.closes === '00:00' ? '24:00' : one.closes })).map((one) => ({
    ...one, name: one.name.trim(), holidays: [...one.holidays].sort((a, b) => a.on.localeCompare(b.on)),
  }))

function hoursOf(all: readonly Calendar[], turn: (one: Interval) => Interval): Calendar[] {
  return all.map((calendar) => ({
    ...calendar,
    week: calendar.week.map((day) => day.map(turn)),
    holidays: calendar.holidays.map((holiday) => ({ ...holiday, hours: holiday.hours.map(turn) })),
  }))
}

/** From nine to six on working days, by the clock of whoever makes it. */
export function fresh(name: string): Calendar {
  const week = Array.from({ length: 7 }, (_, day) => (day < WORKING_DAYS ? [{ opens: '09:00', closes: '18:00' }] : []))
  return { id: newId(), name, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, week, holidays: [] }
}

/** An interval has a length; from midnight to midnight it is the whole day. */
export const lasts = ({ opens, closes }: Interval) => opens !== closes || opens === '00:00'

/** Open for how long of the week; where it closes before it opens, on the next day. */
export function weeklyMinutes(calendar: Calendar): number {
  const minutes = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
  const day = 24 * 60
  const length = ({ opens, closes }: Interval) => (((minutes(closes) - minutes(opens)) % day) + day) % day || day
  return calendar.week.flat().reduce((sum, one) => sum + (one.opens && one.closes ? length(one) : 0), 0)
}

/** `crypto.randomUUID` exists only on https. */
function newId(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
