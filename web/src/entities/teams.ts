import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { Rights, Team } from '@/api/types'

export const SUBJECTS = ['cards', 'calls', 'recordings', 'outcomes', 'tasks', 'floor'] as const
export const SCOPES = ['own', 'team', 'all'] as const

export const useTeams = () =>
  useQuery({ queryKey: ['teams'], queryFn: () => http.get<{ items: Team[] }>('/teams').then((page) => page.items) })
export const useRights = () => useQuery({ queryKey: ['rights'], queryFn: () => http.get<Rights>('/rights') })
export const addTeam = (name: string) => http.post<Team>('/teams', { name })
export const renameTeam = (id: string, name: string) => http.patch<Team>(`/teams/${id}`, { name })
export const removeTeam = (id: string) => http.delete(`/teams/${id}`)
export const setRights = ({ agent, supervisor }: Rights) => http.put<Rights>('/rights', { agent, supervisor })
