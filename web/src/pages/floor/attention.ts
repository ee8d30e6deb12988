import type { Desk, FloorCall } from '@/api/types'

/** What an agent owes by now; the talk that still runs owes nothing yet. */
export const owes = (desk: Desk): FloorCall[] => desk.calls.filter((call) => call.phase === 'wrapup')

/** The call he has now. */
export const with_ = (desk: Desk): FloorCall | undefined => desk.calls.find((call) => call.phase !== 'wrapup')

const RANKS = ['unreachable', 'ringing', 'talking', 'paused', 'available', 'offline'] as const

function rank(desk: Desk): number {
  if (desk.presence.why?.some((why) => why.kind === 'missed')) return 0
  if (owes(desk).length) return 1
  const state = desk.presence.state === 'wrapup' ? 'talking' : desk.presence.state
  return 2 + RANKS.indexOf(state)
}

/** Who needs a supervisor first: missed rings, then debts by age, a dead phone, then what goes on, the longest first. */
export function byAttention(a: Desk, b: Desk): number {
  const since = (desk: Desk) => owes(desk)[0]?.since ?? desk.presence.since
  return rank(a) - rank(b) || since(a).localeCompare(since(b)) || a.me.display_name.localeCompare(b.me.display_name)
}
