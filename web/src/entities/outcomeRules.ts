import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { OutcomeRule, OutcomeRulesBody } from '@/api/types'

export type Rule = Required<OutcomeRule>
export interface OutcomeRules { queues: (Rule & { pbx: string; queue: string })[]; direct: Rule; outbound: Rule; deferrals: number; short_per_hour: number; desk_phones: 'free' | 'refused'; refusal_sound: string; not_called_sound: string }
export const THENS = ['owe', 'automatic', 'nothing'] as const
export const DEMANDS = ['off', 'optional', 'mandatory', 'timed', 'full'] as const
export const AFTERWARDS = ['freed', 'kept'] as const
export const LONGEST_S = 600
export const MOST_DEFERRALS = 20
export const MOST_EXTRAS = 9
export const LIMITS_S = { min: 5, max: 3600, usual: 60 } as const
export const USUAL: Rule = { demand: 'mandatory', limit_s: 0, afterwards: 'freed', under_s: 0, then: 'owe', branches: [], extras: 0 }
export const limited = (rule: Rule) => rule.demand === 'timed' || rule.demand === 'full'

/** What is owed for which talks, with the tag that a change has to bear. */
export const useOutcomeRules = () =>
  useQuery({ queryKey: ['outcome-rules'], queryFn: () => http.getTagged<OutcomeRules>('/outcome-rules') })
export const saveOutcomeRules = (rules: OutcomeRulesBody, etag: string) => http.putTagged<OutcomeRules>('/outcome-rules', rules, etag)
