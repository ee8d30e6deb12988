import { type Rule, USUAL } from '@/entities/routing'

/** What is asked for one queue, while it is being written. */
export type Draft = typeof USUAL
export interface Row { key: string; pbx: string; queue: string; name: string; draft: Draft }
export const TAGS = ['blocked', 'hours', 'people', 'ahead', 'language', 'name'] as const

export function draftOf(rule?: Rule): Draft {
  if (!rule) return { ...USUAL, statuses: [] }
  const kept = Object.fromEntries(Object.entries({ ...USUAL, ...rule }).filter(([name]) => name in USUAL)) as Draft
  return { ...kept, statuses: rule.statuses.map((one) => ({ ...one })) }
}

/** As it is sent: an emptied number is none, a status without priority is not named. */
export function tidy(draft: Draft): Draft {
  const number = (name: 'vip' | 'call_back') => Number(draft[name]) || 0
  return {
    ...draft, vip: number('vip'), call_back: number('call_back'), sound: draft.sound.trim(), mailbox: draft.mailbox.trim(), refusal: draft.refusal.trim(),
    statuses: draft.statuses.filter((one) => one.priority).sort((a, b) => a.status.localeCompare(b.status)),
  }
}

export const same = (one: Draft, other: Draft) => JSON.stringify(tidy(one)) === JSON.stringify(tidy(other))

/** Only queues that somebody said something about. */
export const rulesOf = (rows: readonly Row[]): Rule[] =>
  rows.filter((row) => !same(row.draft, draftOf())).map(({ pbx, queue, draft }) => ({ pbx, queue, ...tidy(draft) }))

/** What of routing a queue uses, for its line in the list. */
export function asked(draft: Draft): (typeof TAGS)[number][] {
  const used = {
    blocked: draft.blocked, hours: Boolean(draft.calendar), people: draft.call_back_agent || draft.owner || draft.last_agent,
    ahead: Boolean(draft.vip || draft.call_back || draft.statuses.some((one) => one.priority)), language: draft.language, name: draft.name,
  }
  return TAGS.filter((tag) => used[tag])
}
