/** The moment at which clocks in `zone` show this date and time ("2026-11-27", "15:30"). No zone: the viewer's own. */
export function momentIn(zone: string, date: string, time: string): Date {
  if (!zone) return new Date(`${date}T${time}`)
  const asUtc = Date.parse(`${date}T${time}Z`)
  // Twice, for the hour in which the offset itself changes.
  const first = asUtc - offsetAt(zone, asUtc)
  return new Date(asUtc - offsetAt(zone, first))
}

/** Date and time as clocks in `zone` show them now or at a moment, ready for input fields. */
export function fieldsIn(zone: string, at: Date): { date: string; time: string } {
  const shown = new Date(at.getTime() + (zone ? offsetAt(zone, at.getTime()) : -at.getTimezoneOffset() * 60_000)).toISOString()
  return { date: shown.slice(0, 10), time: shown.slice(11, 16) }
}

function offsetAt(zone: string, ms: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(ms)
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second')) - Math.floor(ms / 1000) * 1000
}
