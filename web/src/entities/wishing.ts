import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { CallRecordingAnswer, OptOutPolicy, Wish } from '@/api/generated'

export type OptOutRule = Required<OptOutPolicy>

/** What becomes of a recording whose caller declines; with the tag that a change has to bear. */
export const useOptOutRule = () =>
  useQuery({ queryKey: ['recording-opt-out'], queryFn: () => http.getTagged<OptOutRule>('/privacy/recording-opt-out') })
export const saveOptOutRule = (rule: OptOutRule, etag: string) => http.putTagged<OptOutRule>('/privacy/recording-opt-out', rule, etag)

/** How it stands with the recording of one's talk, and what one may do about it. `turn` changes when a recorder begins. */
export function useWishes(call: MaybeRefOrGetter<string>, turn: MaybeRefOrGetter<unknown>) {
  const queries = useQueryClient()
  const key = computed(() => ['call-recording', toValue(call), toValue(turn)])
  const path = () => `/calls/${toValue(call)}/recording`
  const standing = useQuery({ queryKey: key, queryFn: () => http.get<CallRecordingAnswer>(path()) })
  const wish = useMutation({
    mutationFn: (wanted: Wish) => http.put<CallRecordingAnswer>(path(), { wish: wanted }),
    onSuccess: (answer) => queries.setQueryData(key.value, answer),
  })
  return { standing, wish }
}
