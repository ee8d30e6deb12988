import { useQuery } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, computed, toValue } from 'vue'
import { http } from '@/api/client'
import type { Examination, Finding, House, TestCall, TestCallState, Unseen } from '@/api/types'
import { useSession } from './session'

const LOOK_MS = 5_000
const STEP_MS = 400
const at = (pbx: string, path: string) => `/pbx/${encodeURIComponent(pbx)}/${path}`

/** How every part of the house is; for whoever may mend it. */
export function useHouse() {
  const { supervises } = useSession()
  return useQuery({ queryKey: ['house'], queryFn: () => http.get<House>('/status'), refetchInterval: LOOK_MS, enabled: supervises, staleTime: 0 })
}

/** One look of the doctor takes seconds and a connection of its own: never by itself again. */
export const useExamination = (pbx: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['doctor', computed(() => toValue(pbx))], queryFn: () => http.get<Examination>(at(toValue(pbx), 'doctor')),
    staleTime: Infinity, gcTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false, retry: false,
  })

export const useTestCall = (pbx: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['test-call', computed(() => toValue(pbx))], queryFn: () => http.get<TestCallState>(at(toValue(pbx), 'test-call')), staleTime: 0,
    refetchInterval: (query) => (query.state.data?.test_call?.ended_at === null ? STEP_MS : false),
  })

export const startTestCall = (pbx: string, wish: { queue: string; did: string; agent: string }) =>
  http.post<TestCall>(at(pbx, 'test-call'), { ...wish, watching: document.visibilityState === 'visible' && !wish.agent })

/** One thing to read: something wrong, or something that could not be seen, with the check it came from. */
export type Told = { check: string } & ({ finding: Finding; unseen?: undefined } | { unseen: Unseen; finding?: undefined })
const RANK = { fault: 0, warning: 1, note: 3 }
const rank = (told: Told) => (told.finding ? RANK[told.finding.severity] : 2)

/** The worst first: what harms, what could be better, what could not be seen, what is good to know. */
export const worstFirst = (report: Examination): Told[] =>
  report.checks
    .flatMap<Told>((check) => [
      ...check.findings.map((finding) => ({ check: check.code, finding })), ...check.unseen.map((unseen) => ({ check: check.code, unseen })),
    ])
    .sort((one, other) => rank(one) - rank(other))
