import { useMutation, useQuery } from '@tanstack/vue-query'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { CallPauseAnswer, PausePolicy } from '@/api/generated'

export type PauseRule = Required<PausePolicy>

/** Whether agents may pause recordings, and for how long; with the tag that a change has to bear. */
export const usePauseRule = () =>
  useQuery({ queryKey: ['recording-pause'], queryFn: () => http.getTagged<PauseRule>('/privacy/recording-pause'), staleTime: 60_000 })
export const savePauseRule = (rule: PauseRule, etag: string) => http.putTagged<PauseRule>('/privacy/recording-pause', rule, etag)

/** Pauses the recording of a call (or begins the time anew), and lets it go on. How it stands, the board tells. */
export function usePausing(call: MaybeRefOrGetter<string>) {
  const path = () => `/calls/${toValue(call)}/recording-pause`
  const pause = useMutation({ mutationFn: () => http.put<CallPauseAnswer>(path(), {}) })
  const goOn = useMutation({ mutationFn: () => http.delete(path()) })
  return { pause, goOn }
}
