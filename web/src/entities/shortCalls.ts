import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { ShortCallPolicy, ShortRule } from '@/api/types'

export type Rule = Required<ShortRule>
export interface ShortCalls { queues: (Rule & { pbx: string; queue: string })[]; direct: Rule; outbound: Rule }
export const THENS = ['owe', 'automatic', 'nothing'] as const
export const LONGEST_S = 600

/** What is owed for short talks, with the tag that a change has to bear. */
export const useShortCalls = () =>
  useQuery({ queryKey: ['short-calls'], queryFn: () => http.getTagged<ShortCalls>('/short-calls') })
export const saveShortCalls = (rules: ShortCallPolicy, etag: string) => http.putTagged<ShortCalls>('/short-calls', rules, etag)
