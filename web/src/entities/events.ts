import { useQuery } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, computed, toValue } from 'vue'
import { address, http } from '@/api/client'
import type { CallEvents, EventSearch } from '@/api/types'

/** Reading is audited: it is asked once, when the reader asks, and not again by itself. */
export const useCallEvents = (call: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['call', computed(() => toValue(call)), 'events'],
    queryFn: ({ signal }) => http.get<CallEvents>(`/calls/${toValue(call)}/events`, undefined, signal),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })

export const exportAddress = (call: string, format: 'ami' | 'json') => address(`/calls/${call}/events/export`, { format })

export interface Wanted {
  at: string
  minutes: number
  number: string
  channel: string
}

export const searchEvents = (pbx: string, wanted: Wanted) =>
  http.get<EventSearch>(`/pbx/${encodeURIComponent(pbx)}/events`, { ...wanted, at: new Date(wanted.at).toISOString() })
