import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { Call, DraftBody, Logged, Page, Segment } from '@/api/types'

type CallPage = Page<Call>

export const OWED: readonly Segment['outcome_state'][] = ['owed', 'draft']
export const FILTERS = ['state', 'result', 'direction', 'agent', 'queue', 'number', 'pbx', 'from', 'to', 'figure', 'short_s', 'outcome', 'settled'] as const
export type CallFilter = Partial<Record<(typeof FILTERS)[number], string>>

export const STATES = ['queued', 'ringing', 'talking', 'held', 'parked', 'ended'] as const
export const DIRECTIONS = ['inbound', 'outbound'] as const
export const RESULTS = ['answered', 'abandoned', 'missed', 'busy', 'failed', 'voicemail'] as const

const whole = (day: string, time: string) => (day.includes('T') ? day : new Date(`${day}T${time}`).toISOString())

/** A day in the viewer's zone as the moments the server compares with; a moment stays what it is. */
export function moments<F extends { from?: string; to?: string }>(filter: F): F {
  const { from, to, ...rest } = filter
  return {
    ...rest,
    ...(from && { from: whole(from, '00:00:00') }),
    ...(to && { to: whole(to, '23:59:59.999') }),
  } as F
}

export function useCalls(filter: MaybeRefOrGetter<CallFilter>, limit = 50) {
  return useInfiniteQuery({
    queryKey: computed(() => ['calls', toValue(filter), limit]),
    queryFn: ({ pageParam, signal }) =>
      http.get<CallPage>('/calls', { ...moments(toValue(filter)), limit, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: CallPage) => last.next_cursor,
  })
}

export function useCall(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['call', toValue(id)]),
    queryFn: () => http.get<Call>(`/calls/${toValue(id)}`),
  })
}

export const chooseCustomer = (call: string, customer_id: string) =>
  http.put<Call>(`/calls/${call}/customer`, { customer_id })

export const logOutcome = (segment: string, said: Logged) => http.put<Segment>(`/segments/${segment}/outcome`, said)

export const draftOf = (segment: string) => http.get<DraftBody>(`/segments/${segment}/draft`)
export const keepDraft = (segment: string, draft: DraftBody) => http.put<unknown>(`/segments/${segment}/draft`, draft)

/** The parts of calls an agent still owes an outcome for. */
export const owedBy = async (agent: string): Promise<{ call: Call; segment: Segment }[]> => {
  const page = await http.get<CallPage>('/calls', { agent, limit: 50 })
  return page.items.flatMap((call) =>
    call.segments.filter((s) => s.agent?.id === agent && s.answered_at && OWED.includes(s.outcome_state)).map((segment) => ({ call, segment })),
  )
}

export const waive = (segment: string, reason: string) => http.post<Segment>(`/segments/${segment}/waive`, { reason })
