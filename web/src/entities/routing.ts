import { useQuery } from '@tanstack/vue-query'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { Calendar as CalendarBody, GivenAnswer, GroundAnswer, Holiday as HolidayBody, Interval as IntervalBody, RoutedAnswer, RoutingRule as RuleBody, RoutingRules, Trial } from '@/api/generated'

export type Rule = Required<RuleBody>
export type Interval = IntervalBody
export type Holiday = Required<HolidayBody>
/** Seven days from Monday on. */
export type Calendar = Omit<Required<CalendarBody>, 'holidays' | 'week'> & { week: Interval[][]; holidays: Holiday[] }
export type Routed = RoutedAnswer
export type Given = GivenAnswer
export type Because = GroundAnswer
export type TrialBody = Trial

export const CLOSED = ['announce', 'voicemail', 'call_back'] as const
export const MOST_PRIORITY = 100
export const WAIT_S = { min: 5, max: 120 } as const
export const MOST_DAYS = 365
/** What is asked for a queue that nobody said anything about: nothing. */
export const USUAL: Omit<Rule, 'pbx' | 'queue'> = {
  blocked: false, refusal: '', calendar: null, closed: 'announce', sound: '', mailbox: '', call_back_agent: false, owner: false, last_agent: false,
  last_days: 30, wait_s: 15, vip: 0, statuses: [], call_back: 0, language: false, name: false,
}

/** Both with the tag that a change has to bear. */
export const useRoutingRules = () => useQuery({ queryKey: ['routing-rules'], queryFn: () => http.getTagged<{ queues: Rule[] }>('/routing/rules') })
export const saveRoutingRules = (rules: RoutingRules, etag: string) => http.putTagged<{ queues: Rule[] }>('/routing/rules', rules, etag)
export const useCalendars = () => useQuery({ queryKey: ['calendars'], queryFn: () => http.getTagged<{ calendars: Calendar[] }>('/routing/hours') })
export const saveCalendars = (calendars: Calendar[], etag: string) => http.putTagged<{ calendars: Calendar[] }>('/routing/hours', { calendars }, etag)

export const tryRouting = (trial: TrialBody) => http.post<Routed>('/routing/trial', trial)

/** What the PBX was answered when it asked where the call goes. */
export const useAnswersOf = (call: MaybeRefOrGetter<string>) =>
  useQuery({ queryKey: ['call-routing', call], queryFn: () => http.get<{ items: Given[] }>(`/calls/${toValue(call)}/routing`).then((all) => all.items) })
