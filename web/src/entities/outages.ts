import { useInfiniteQuery } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, computed, toValue } from 'vue'
import { http } from '@/api/client'
import type { Outage, Page } from '@/api/types'

const REFRESH_MS = 15_000

/** The times in which a PBX was not heard, the newest first. */
export const useOutages = (name: MaybeRefOrGetter<string>) =>
  useInfiniteQuery({
    queryKey: ['pbx', computed(() => toValue(name)), 'outages'],
    queryFn: ({ pageParam }) =>
      http.get<Page<Outage>>(`/pbx/${encodeURIComponent(toValue(name))}/outages${pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : ''}`),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: REFRESH_MS,
  })

export const readAgain = (id: string) => http.post(`/outages/${id}/reading`)
