import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { Customer, Double, MergeField, Note } from '@/api/types'

export const writeNote = (card: string, text: string) => http.post<Note>(`/customers/${card}/notes`, { text })
export const changeNote = (id: string, patch: { text?: string; pinned?: boolean }) => http.patch<Note>(`/notes/${id}`, patch)
export const setTags = (card: string, tags: string[]) => http.put<Customer>(`/customers/${card}/tags`, { tags })
export const suggestTags = (q: string) => http.get<{ items: { tag: string }[] }>('/tags', { q }).then((page) => page.items.map((one) => one.tag))
export const tie = (card: string, { customer, ...told }: { customer: string; role: string; is_primary?: boolean; valid_from?: string | null; valid_until?: string | null }) => {
  const { role, is_primary = false, valid_from = null, valid_until = null } = told
  return http.post<Customer>(`/customers/${card}/links`, { customer_id: customer, role, is_primary, valid_from, valid_until })
}
export const untie = (link: string) => http.delete(`/customer-links/${link}`)
export const mergeCards = (kept: string, other_id: string, take: MergeField[]) => http.post<Customer>(`/customers/${kept}/merges`, { other_id, take })
export const undoMerge = (merge: string) => http.post<Customer>(`/merges/${merge}/undo`, {})

export const useDoubles = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: computed(() => ['doubles', toValue(id)]),
    queryFn: () => http.get<{ items: Double[] }>(`/customers/${toValue(id)}/duplicates`).then((page) => page.items),
  })
