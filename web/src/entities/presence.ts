import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { http } from '@/api/client'
import type { PauseCode, Presence, PresenceRules, QueueStaff, Segment, Staff, Why } from '@/api/types'
import { labelIn } from './outcomes'

export type NewPauseCode = Pick<PauseCode, 'code' | 'labels' | 'work' | 'position'>
export type Which = Pick<Why, 'kind' | 'ref'>

export function usePauseCodes() {
  const { locale } = useI18n()
  const query = useQuery({
    queryKey: ['pause-codes'],
    queryFn: () => http.get<{ items: PauseCode[] }>('/pause-codes').then((page) => page.items),
    staleTime: 60_000,
  })
  const all = computed(() => [...(query.data.value ?? [])].sort((a, b) => a.position - b.position))
  const label = (code: PauseCode) => labelIn(code, locale.value)
  return {
    ...query,
    all,
    active: computed(() => all.value.filter((code) => code.active)),
    label,
    codeOf: (code: string | undefined) => all.value.find((one) => one.code === code),
  }
}

export const addPauseCode = (code: NewPauseCode) => http.post<PauseCode>('/pause-codes', code)
export const changePauseCode = (id: string, patch: Partial<Omit<PauseCode, 'id' | 'code'>>) =>
  http.patch<PauseCode>(`/pause-codes/${id}`, patch)

export const takePause = (code: string | null) => http.put<Presence>('/me/pause', { code })
export const endReason = ({ kind, ref }: Which) => http.post<Presence>('/me/resume', { kind, ref })

export const useRules = () =>
  useQuery({ queryKey: ['presence-rules'], queryFn: () => http.get<PresenceRules>('/presence/rules') })
export const saveRules = (rules: PresenceRules) => http.put<PresenceRules>('/presence/rules', rules)

export const forcePause = (agent: string, reason: string) => http.post<Presence>(`/agents/${agent}/pause`, { reason })
export const forceResume = (agent: string, reason: string) => http.post<Presence>(`/agents/${agent}/resume`, { reason })
export const forceSignOut = (agent: string, reason: string) => http.post<undefined>(`/agents/${agent}/sign-out`, { reason })

export const claimTalk = (segment: string) => http.post<Segment>(`/unowned/${segment}/claim`)
export const dismissTalk = (segment: string, reason: string) => http.post<Segment>(`/unowned/${segment}/dismiss`, { reason })

export const useStaff = () => useQuery({ queryKey: ['staff'], queryFn: () => http.get<Staff>('/staff') })
export const saveStaff = (queue: QueueStaff, change: Pick<QueueStaff, 'staffed' | 'agents'>) =>
  http.put<QueueStaff>(`/staff/${queue.id}`, change)
