import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { SampledTalk, SamplingRuleAnswer, SamplingRuleBody } from '@/api/generated'
import type { Page } from '@/api/types'

export type { SampledTalk }
export type SamplingRule = SamplingRuleAnswer
export type RuleBody = SamplingRuleBody
export const REASONS = ['silent', 'private', 'other'] as const

export function useSamples(mine: MaybeRefOrGetter<boolean>, enabled: MaybeRefOrGetter<boolean> = true) {
  return useInfiniteQuery({
    queryKey: computed(() => ['samples', toValue(mine)]),
    queryFn: ({ pageParam, signal }) => http.get<Page<SampledTalk>>('/samples', { mine: String(toValue(mine)), limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<SampledTalk>) => last.next_cursor,
    enabled: computed(() => toValue(enabled)),
  })
}
export const putAside = (id: string, reason: (typeof REASONS)[number]) => http.post<SampledTalk>(`/samples/${id}/dismiss`, { reason })
export const giveSample = (id: string, evaluator_id: string | null) => http.put<SampledTalk>(`/samples/${id}/evaluator`, { evaluator_id })

export const useRules = () => useQuery({ queryKey: ['sampling-rules'], queryFn: () => http.get<{ items: SamplingRule[] }>('/sampling-rules').then((page) => page.items) })
export const saveRule = (body: RuleBody, known?: SamplingRule) =>
  known ? http.putTagged<SamplingRule>(`/sampling-rules/${known.id}`, body, `"${known.version}"`).then((saved) => saved.data) : http.post<SamplingRule>('/sampling-rules', body)
