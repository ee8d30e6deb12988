import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { HitAnswer, HitsAnswer } from '@/api/generated'
import { moments } from './calls'

export type Hit = HitAnswer
export const FILTERS = ['q', 'kind', 'speaker', 'agent', 'queue', 'pbx', 'outcome', 'from', 'to'] as const
export type WordsFilter = Partial<Record<(typeof FILTERS)[number], string>>

const [ENOUGH, MOST_PAGES] = [20, 40]

/** Words in what was said, noted and logged. Asked only when there is something to look for; hits are noted as read, so
 * nothing is asked again by itself. Where little of what has the words may be seen, pages are short: older ones are
 * asked for until there is a screen of hits. */
export function useWords(filter: MaybeRefOrGetter<WordsFilter>) {
  const found = useInfiniteQuery({
    queryKey: computed(() => ['words', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<HitsAnswer>('/search', { ...moments(toValue(filter)), cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: HitsAnswer) => last.next_cursor,
    enabled: computed(() => Boolean(toValue(filter).q?.trim())),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  })
  watch([found.data, found.isFetching], ([data, fetching]) => {
    const pages = data?.pages ?? []
    const hits = pages.reduce((sum, page) => sum + page.items.length, 0)
    if (!fetching && !found.isError.value && found.hasNextPage.value && hits < ENOUGH && pages.length < MOST_PAGES) void found.fetchNextPage()
  })
  return found
}
