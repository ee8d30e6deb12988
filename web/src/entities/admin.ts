import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { Role, User } from '@/api/types'

export const ROLES = ['agent', 'supervisor', 'admin'] as const

interface UserFields {
  display_name: string
  role: Role
  language: string
  team_id: string | null
  active: boolean
  password: string
}

export const useUsers = (enabled: MaybeRefOrGetter<boolean> = true) =>
  useQuery({ queryKey: ['users'], queryFn: () => http.get<{ items: User[] }>('/users').then((page) => page.items), enabled: computed(() => toValue(enabled)) })

export const addUser = (user: Omit<UserFields, 'active'> & { username: string }) => http.post<User>('/users', user)
export const changeUser = (id: string, patch: Partial<UserFields>) => http.patch<User>(`/users/${id}`, patch)
