import type { Desk, FloorCall } from '@/api/types'
import { now } from '@/ui/time'

/** What an agent owes by now; the talk that still runs owes nothing yet. */
export const owes = (desk: Desk): FloorCall[] => desk.calls.filter((call) => call.phase === 'wrapup')

const TOO_LONG_MS = 15 * 60_000
/** So long that it is his supervisor's business, first of all: in an office without queues nothing else presses him. */
export const overdue = (desk: Desk, at = now.value): boolean => owes(desk).some((debt) => at - Date.parse(debt.since) > TOO_LONG_MS)

/** The call he has now. */
export const with_ = (desk: Desk): FloorCall | undefined => desk.calls.find((call) => call.phase !== 'wrapup')

const RANKS = ['unreachable', 'ringing', 'talking', 'paused', 'available', 'offline'] as const

function rank(desk: Desk, at: number): number {
  if (overdue(desk, at)) return -1
  if (desk.presence.why?.some((why) => why.kind === 'missed')) return 0
  if (owes(desk).length) return 1
  const state = desk.presence.state === 'wrapup' ? 'talking' : desk.presence.state
  return 2 + RANKS.indexOf(state)
}

/** Who needs a supervisor first: debts of a quarter of an hour, missed rings, then debts by age, a dead phone, then what goes on, the longest first. */
export const byAttention = (at: number) => (a: Desk, b: Desk): number => {
  const since = (desk: Desk) => owes(desk)[0]?.since ?? desk.presence.since
  return rank(a, at) - rank(b, at) || since(a).localeCompare(since(b)) || a.me.display_name.localeCompare(b.me.display_name)
}
