import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { QueueTalks, ReviewPolicy, ShortestTalk, SuspicionAnswer, SuspicionLine, TalkLimits } from '@/api/generated'
import type { Page } from '@/api/types'
import { moments } from './calls'

export type Suspicion = SuspicionLine
export const STATES = ['new', 'reviewed', 'justified'] as const
export const KINDS = ['hung_up', 'short_calls', 'long_wrapup', 'short_for_code', 'one_code'] as const
export const FILTERS = ['state', 'kind', 'agent', 'from', 'to'] as const
export type ReviewFilter = Partial<Record<(typeof FILTERS)[number], string>>
/** What nobody has looked at comes first; everything is shown by "all". */
export const asked = (filter: ReviewFilter) => {
  const { state = 'new', ...rest } = moments(filter)
  return { ...rest, ...(state !== 'all' && { state }) }
}
const LOOK_MS = 60_000

export function useReviews(filter: MaybeRefOrGetter<ReviewFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['suspicions', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<Page<Suspicion>>('/suspicions', { ...asked(toValue(filter)), limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<Suspicion>) => last.next_cursor,
  })
}
export const useReview = (id: MaybeRefOrGetter<string>) =>
  useQuery({ queryKey: computed(() => ['suspicion', toValue(id)]), queryFn: () => http.getTagged<SuspicionAnswer>(`/suspicions/${toValue(id)}`) })
export const judge = (id: string, body: { state: (typeof STATES)[number]; comment: string }, etag: string) => http.putTagged<SuspicionAnswer>(`/suspicions/${id}`, body, etag)

/** How many nobody has looked at, for those who may. */
export const useReviewCount = (may: MaybeRefOrGetter<boolean>) =>
  useQuery({
    queryKey: ['suspicions', 'count'],
    queryFn: () => http.get<{ count: number }>('/suspicions/count').then((found) => found.count),
    enabled: computed(() => toValue(may)),
    refetchInterval: LOOK_MS,
  })

export const LIMITS = ['hung_up_s', 'wrapup_s'] as const
export const HOUSE = ['hung_up_times', 'wrapup_times', 'short_calls', 'one_code_percent', 'one_code_apart', 'one_code_least', 'keep_days'] as const
export type Limits = Required<TalkLimits>
export type ReviewRules = Required<Omit<ReviewPolicy, 'all' | 'queues' | 'codes'>> & { all: Limits; queues: (Limits & Pick<QueueTalks, 'pbx' | 'queue'>)[]; codes: ShortestTalk[] }
export const useReviewRules = () => useQuery({ queryKey: ['review-rules'], queryFn: () => http.getTagged<ReviewRules>('/review-rules') })
export const saveReviewRules = (rules: ReviewRules, etag: string) => http.putTagged<ReviewRules>('/review-rules', rules, etag)
