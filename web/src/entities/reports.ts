import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { AgentsAnswer, CallbacksAnswer, GroupsAnswer, OutcomesAnswer, QueuesAnswer, ScoresAnswer } from '@/api/generated'
import { moments, type CallFilter } from './calls'

export const REPORTS = ['queues', 'agents', 'outcomes', 'callbacks', 'groups', 'scores', 'goals'] as const
export type Report = (typeof REPORTS)[number]
export const STEPS = ['hour', 'day', 'week', 'month'] as const
export const PERIODS = ['today', 'week', 'month'] as const
export const SHORT = ['0', '5', '10'] as const
export const FILTERS = ['from', 'to', 'step', 'queue', 'pbx', 'agent', 'form', 'short_s'] as const
export type ReportFilter = Partial<Record<(typeof FILTERS)[number], string>>
type Answers = { queues: QueuesAnswer; agents: AgentsAnswer; outcomes: OutcomesAnswer; scores: ScoresAnswer; callbacks: CallbacksAnswer; groups: GroupsAnswer }

const [HOURS_UP_TO, DAYS_UP_TO, DAY_MS] = [2, 92, 86_400_000]
const day = (at: Date) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`

/** The days of a period that ends today. A week begins on Monday. */
export function periodOf(period: (typeof PERIODS)[number], today = new Date()): { from: string; to: string } {
  const from = new Date(today.getFullYear(), today.getMonth(), today.getDate())
  if (period === 'week') from.setDate(from.getDate() - ((from.getDay() + 6) % 7))
  if (period === 'month') from.setDate(1)
  return { from: day(from), to: day(today) }
}

/** What is asked where nothing is chosen: this week, in steps that fit on the page. */
export function wholeFilter(filter: ReportFilter, today = new Date()): ReportFilter {
  const { from, to } = { ...periodOf('week', today), ...filter }
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  const step = filter.step ?? (days <= HOURS_UP_TO ? 'hour' : days <= DAYS_UP_TO ? 'day' : 'month')
  return { ...filter, from, to, step }
}

/** The days as moments, to the beginning of the day after the last. */
export function asked(filter: ReportFilter): ReportFilter {
  const whole = moments(wholeFilter(filter))
  return { ...whole, ...(whole.to && { to: new Date(Date.parse(whole.to) + 1).toISOString() }) }
}

/** The calls that a figure counts: of the same queue and agent in the same time, or in one interval of it, and with the same
 *  abandons as short. */
export function callsBehind(figure: string, filter: ReportFilter, more: CallFilter = {}, interval?: { from: string; to: string }) {
  const { from, to, step, queue, pbx, agent, short_s } = wholeFilter(filter)
  const days = interval && step !== 'hour' ? { from: day(new Date(interval.from)), to: day(new Date(Date.parse(interval.to) - 1)) } : interval
  const query = { from, to, queue, pbx, agent, short_s, ...more, ...(days && { from: days.from, to: days.to }), figure }
  return { name: 'calls', query: Object.fromEntries(Object.entries(query).filter(([, value]) => value)) }
}

export function useReport<R extends keyof Answers>(report: R, filter: MaybeRefOrGetter<ReportFilter>) {
  return useQuery({
    queryKey: computed(() => ['report', report, toValue(filter)]),
    queryFn: ({ signal }) => http.get<Answers[R]>(`/reports/${report}`, asked(toValue(filter)), signal),
    placeholderData: (before) => before,
  })
}
