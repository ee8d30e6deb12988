import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { AgentList, MapRule, Pbx, PbxList, QueueLineList, User, UserList, UserNew, UserPatch } from '@/api/types'

export const ROLES = ['agent', 'supervisor', 'admin'] as const
export const RULE_KINDS = ['trunk', 'device', 'inter_office', 'service', 'local', 'unclassified'] as const

const FLOOR_MS = 3_000

export const useUsers = () =>
  useQuery({ queryKey: ['users'], queryFn: () => http.get<UserList>('/users').then((page) => page.items) })

export const usePbxs = () =>
  useQuery({ queryKey: ['pbx'], queryFn: () => http.get<PbxList>('/pbx').then((page) => page.items) })

export const useAgents = (enabled = true) =>
  useQuery({
    queryKey: ['agents'],
    queryFn: () => http.get<AgentList>('/agents').then((page) => page.items),
    refetchInterval: FLOOR_MS,
    enabled,
  })

export const useQueues = () =>
  useQuery({ queryKey: ['queues'], queryFn: () => http.get<QueueLineList>('/queues').then((page) => page.items) })

export const addUser = (user: UserNew) => http.post<User>('/users', user)
export const changeUser = (id: string, patch: UserPatch) => http.patch<User>(`/users/${id}`, patch)
export const saveMap = (name: string, map: MapRule[]) =>
  http.put<Pbx>(`/pbx/${encodeURIComponent(name)}/map`, { map })
