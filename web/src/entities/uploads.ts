import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { UploadTokenAnswer, UploadTokens } from '@/api/generated'

export type UploadToken = UploadTokenAnswer

/** Tokens with which a PBX sends its recordings, the newest first. */
export const useUploadTokens = (pbx: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: computed(() => ['upload-tokens', toValue(pbx)]),
    queryFn: () => http.get<UploadTokens>(`/pbx/${encodeURIComponent(toValue(pbx))}/upload-tokens`),
  })

/** Makes one, which is told only now, and revokes one. */
export function useTokenMaking(pbx: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const path = () => `/pbx/${encodeURIComponent(toValue(pbx))}/upload-tokens`
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['upload-tokens', toValue(pbx)] })
  const make = useMutation({ mutationFn: () => http.post<UploadToken>(path(), {}), onSuccess })
  const revoke = useMutation({ mutationFn: (token: string) => http.delete(`${path()}/${token}`), onSuccess })
  return { make, revoke }
}
