import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { http } from '@/api/client'
import type { NewStatus, Status, StatusPatch } from '@/api/types'
import { labelIn } from '@/entities/outcomes'

export const COLOURS = ['grey', 'blue', 'teal', 'green', 'amber', 'orange', 'red', 'purple'] as const
export const STATUS_ICONS = ['circle', 'sparkle', 'snow', 'sun', 'fire', 'check', 'star', 'clock', 'flag', 'block'] as const

export function useStatuses() {
  const { locale } = useI18n()
  const query = useQuery({
    queryKey: ['statuses'],
    queryFn: () => http.get<{ items: Status[] }>('/statuses').then((page) => page.items),
    staleTime: 60_000,
  })
  const all = computed(() => [...(query.data.value ?? [])].sort((a, b) => a.position - b.position))
  const find = (code: string) => all.value.find((status) => status.code === code)
  return {
    ...query,
    all,
    active: computed(() => all.value.filter((status) => status.active)),
    find,
    label: (status: Status) => labelIn(status, locale.value),
    labelOf: (code: string) => {
      const found = find(code)
      return found ? labelIn(found, locale.value) : code
    },
  }
}

export const addStatus = (status: NewStatus) => http.post<Status>('/statuses', status)
export const changeStatus = (id: string, patch: StatusPatch) => http.patch<Status>(`/statuses/${id}`, patch)
