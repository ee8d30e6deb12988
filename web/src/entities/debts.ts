import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { Colleague, Debts, ReleaseAnswer, Segment } from '@/api/types'

/** What one has to log, now or later, and how many more may wait. */
export const useDebts = () => useQuery({ queryKey: ['debts'], queryFn: () => http.get<Debts>('/me/debts') })
export const useColleagues = () => useQuery({ queryKey: ['colleagues'], queryFn: () => http.get<{ items: Colleague[] }>('/me/colleagues').then((page) => page.items), staleTime: 60_000 })
export const defer = (segment: string) => http.post<Segment>(`/segments/${segment}/defer`)
export const handOver = (segment: string, to: string, note: string) => http.post<Segment>(`/segments/${segment}/hand-over`, { to, note })

export const useReleases = () => useQuery({ queryKey: ['releases'], queryFn: () => http.get<{ items: ReleaseAnswer[] }>('/releases').then((page) => page.items), refetchInterval: 30_000 })
export const release = (queue: string, minutes: number, reason: string) => http.post<unknown>(`/queues/${queue}/release`, { minutes, reason })
export const endRelease = (queue: string) => http.delete(`/queues/${queue}/release`)

export function useDebtsChanged() {
  const queries = useQueryClient()
  return () => void queries.invalidateQueries({ queryKey: ['debts'] })
}
