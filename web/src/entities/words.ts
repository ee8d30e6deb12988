import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { HitAnswer, HitsAnswer } from '@/api/generated'
import { moments } from './calls'

export type Hit = HitAnswer
export const FILTERS = ['q', 'kind', 'speaker', 'agent', 'queue', 'outcome', 'from', 'to'] as const
export type WordsFilter = Partial<Record<(typeof FILTERS)[number], string>>

/** Words in what was said, noted and logged. Asked only when there is something to look for; hits are noted as read, so
 * nothing is asked again by itself. */
export function useWords(filter: MaybeRefOrGetter<WordsFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['words', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<HitsAnswer>('/search', { ...moments(toValue(filter)), cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: HitsAnswer) => last.next_cursor,
    enabled: computed(() => Boolean(toValue(filter).q?.trim())),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  })
}
