import type { CodePlace, Outcome } from '@/api/types'

export type Move = 'up' | 'down' | 'in' | 'out'
export const MOVES: readonly Move[] = ['up', 'down', 'in', 'out']
export const DEEPEST = 4

/** Codes of one group, in order. */
const brothers = (all: Outcome[], parent: string | null) => all.filter((one) => one.parent_id === parent)

export const depth = (all: Outcome[], code: Outcome): number => {
  const above = all.find((one) => one.id === code.parent_id)
  return above ? depth(all, above) + 1 : 0
}

/** Where a move puts a code: among its brothers, into the group before it, or out beside its own; undefined: nowhere. */
export function placeOf(all: Outcome[], code: Outcome, move: Move): CodePlace | undefined {
  const row = brothers(all, code.parent_id)
  const at = row.findIndex((one) => one.id === code.id)
  const [before, next] = [row[at - 1], row[at + 1]]
  if (move === 'up') return before && { parent_id: code.parent_id, before_id: before.id }
  if (move === 'down') return next && { parent_id: code.parent_id, before_id: row[at + 2]?.id ?? null }
  if (move === 'in') return before?.group ? { parent_id: before.id, before_id: null } : undefined
  const above = all.find((one) => one.id === code.parent_id)
  if (!above) return undefined
  const beside = brothers(all, above.parent_id)
  return { parent_id: above.parent_id, before_id: beside[beside.findIndex((one) => one.id === above.id) + 1]?.id ?? null }
}
