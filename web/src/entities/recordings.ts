import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { TranscriptAnswer } from '@/api/generated'

const WAITING_MS = 5000

/** What was said. While the server still listens it is asked again. */
export function useTranscript(recording: MaybeRefOrGetter<string>, wanted: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => ['transcript', toValue(recording)]),
    queryFn: () => http.get<TranscriptAnswer>(`/recordings/${toValue(recording)}/transcript`),
    enabled: computed(() => toValue(wanted)),
    refetchInterval: (query) => (query.state.data?.state === 'waiting' ? WAITING_MS : false),
  })
}
