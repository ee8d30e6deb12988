import type { Alarm, Board, Floor, Health, Pop, Presence, QueueLine, SitIn, Unowned } from '@/api/types'
import type { ClickShown } from './clicks'
import type { FloorChange } from './floor'

export type WithdrawReason = 'answered_elsewhere' | 'cancelled' | 'no_answer' | 'rejected'

export type Change =
  | { change: 'pop_offered' | 'pop_updated' | 'outcome_owed'; pop: Pop }
  | { change: 'pop_withdrawn'; pop_id: string; reason: WithdrawReason; by: string | null }
  | { change: 'outcome_settled'; pop_id: string }
  | { change: 'presence'; presence: Presence }
  | { change: 'queues'; queues: QueueLine[] }
  | { change: 'unowned'; unowned: Unowned[] }
  | { change: 'desk_taken'; extension: string; by: string }
  | { change: 'health'; health: Health }
  | { change: 'task'; task_id: string | null; reminder: boolean }
  | { change: 'score'; evaluation_id: string; agent_id: string; state: string }
  | { change: 'sit_in'; sit_in: SitIn }
  | { change: 'company'; company: SitIn[] }
  | { change: 'message'; message_id: string }
  | { change: 'rules' }
  | { change: 'alarms'; alarms: Alarm[] }
  | ({ change: 'dial'; dial_id: string } & Omit<ClickShown, 'id'>)

export type Message =
  | { type: 'hello'; protocol: number; build: string }
  | { type: 'snapshot'; seq: number; board: Board }
  | ({ type: 'floor' } & Floor)
  | ({ type: 'floor_change' } & FloorChange)
  | ({ type: 'change'; seq: number } & Change)

export interface Live {
  board: Board | undefined
  seq: number
  /** A number was skipped: what is shown can no longer be trusted and the whole board must be asked for. */
  gap: boolean
}

export const NOTHING: Live = { board: undefined, seq: 0, gap: false }

/** The next state after a message. Pure, so that the live view can be proven equal to a fresh one. */
export function fold(live: Live, message: Message): Live {
  if (message.type === 'hello' || message.type === 'floor' || message.type === 'floor_change') return live
  if (message.type === 'snapshot') return { board: message.board, seq: message.seq, gap: false }
  if (!live.board || live.gap || message.seq !== live.seq + 1) return { ...live, gap: true }
  return { board: changed(live.board, message), seq: message.seq, gap: false }
}

function changed(board: Board, change: Change): Board {
  switch (change.change) {
    case 'pop_offered':
    case 'pop_updated':
      return { ...board, pops: put(board.pops, change.pop) }
    case 'outcome_owed':
      return { ...board, pops: put(board.pops, { ...change.pop, phase: 'wrapup' }) }
    case 'pop_withdrawn':
    case 'outcome_settled':
      return { ...board, pops: board.pops.filter((pop) => pop.id !== change.pop_id) }
    case 'presence':
      return { ...board, presence: change.presence }
    case 'queues':
      return { ...board, queues: change.queues }
    case 'unowned':
      return { ...board, unowned: change.unowned }
    case 'sit_in':
      return { ...board, sit_in: ['ended', 'failed'].includes(change.sit_in.state) ? null : change.sit_in }
    case 'alarms':
      return { ...board, alarms: change.alarms }
    case 'company':
      return { ...board, company: change.company }
    case 'health':
      return { ...board, health: change.health }
    default:
      // A newer server may say more than this build knows; what it does know stays right.
      return board
  }
}

/** In place, so that nothing moves under the pointer. */
function put(pops: Pop[], pop: Pop): Pop[] {
  return pops.some((p) => p.id === pop.id) ? pops.map((p) => (p.id === pop.id ? pop : p)) : [...pops, pop]
}

/** This tab has just logged an outcome: it need not wait to hear so. A talk that still runs stays on the board. */
export function logged(live: Live, id: string): Live {
  if (!live.board) return live
  const pops = live.board.pops
    .filter((pop) => pop.id !== id || pop.phase !== 'wrapup')
    .map((pop) => (pop.id === id ? { ...pop, outcome_state: 'logged' as const } : pop))
  return { ...live, board: { ...live.board, pops } }
}

/** Calls of this agent that are over and whose outcome is missing, the oldest first. A test call is settled by whoever made it. */
export function owed(board: Board | undefined): Pop[] {
  const over = (board?.pops ?? []).filter((pop) => pop.phase === 'wrapup' && !pop.test)
  return over.sort((a, b) => (a.ended_at ?? '').localeCompare(b.ended_at ?? ''))
}

/** The debt to be shown as another one came: the one that is being settled already, else the oldest. */
export function firstOwed(before: Board | undefined, now: Board | undefined, open: string | undefined): Pop | undefined {
  const [was, is] = [owed(before), owed(now)]
  return is.find((pop) => pop.id === open && was.some((old) => old.id === open)) ?? is[0]
}
