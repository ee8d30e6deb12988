import { useQuery } from '@tanstack/vue-query'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { PastSitIn, SitInPolicy } from '@/api/generated'

export type SitInRules = Required<SitInPolicy>
/** Nobody hears a supervisor who listens, the agent one who whispers, the customer too one who joins in. */
export const MANNERS = ['listen', 'whisper', 'barge'] as const
export type Manner = (typeof MANNERS)[number]

export const sitIn = (segment: string, mode: Manner) => http.post(`/segments/${segment}/sit-in`, { mode })
export const turnTo = (mode: Manner) => http.patch('/me/sit-in', { mode })
export const leaveTalk = () => http.delete('/me/sit-in')

export const useSitInsOf = (call: MaybeRefOrGetter<string>) =>
  useQuery({ queryKey: ['sit-ins', call], queryFn: () => http.get<{ items: PastSitIn[] }>(`/calls/${toValue(call)}/sit-ins`).then((all) => all.items) })

export const useSitInRules = () => useQuery({ queryKey: ['sit-in-rules'], queryFn: () => http.getTagged<SitInRules>('/sit-ins/rules') })
export const saveSitInRules = (rules: SitInRules, etag: string) => http.putTagged<SitInRules>('/sit-ins/rules', rules, etag)
