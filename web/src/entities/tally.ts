import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { HouseTally, MissingPage } from '@/api/generated'
import { http } from '@/api/client'
import { moments } from './calls'

export type { MissingAnswer as Missing, TallyAnswer as Tally } from '@/api/generated'
export const FATES = ['excused', 'delayed', 'lost', 'unexplained', 'stray'] as const
export const MISSING_FILTERS = ['fate', 'queue', 'pbx', 'from', 'to'] as const
export type MissingFilter = Partial<Record<(typeof MISSING_FILTERS)[number], string>>
const COUNTING_MS = 1000

/** The last count of recordings against calls; asked again while one is made. */
export const useTally = () =>
  useQuery({
    queryKey: ['tally'],
    queryFn: () => http.getTagged<HouseTally>('/tally'),
    refetchInterval: (query) => (query.state.data?.data.counting ? COUNTING_MS : false),
  })

export const countNow = () => http.post('/tally/run')
export const saveHour = (hour: number, etag: string) => http.putTagged<HouseTally>('/tally', { hour }, etag)

/** Calls without a recording and files without a call, the newest first. */
export const useMissing = (filter: MaybeRefOrGetter<MissingFilter>) =>
  useInfiniteQuery({
    queryKey: computed(() => ['tally', 'findings', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<MissingPage>('/tally/findings', { ...moments(toValue(filter)), cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: MissingPage) => last.next_cursor,
  })
