import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { Customer, Double, MergeField, Note } from '@/api/types'

export const writeNote = (card: string, text: string) => http.post<Note>(`/customers/${card}/notes`, { text })
export const changeNote = (id: string, patch: { text?: string; pinned?: boolean }) => http.patch<Note>(`/notes/${id}`, patch)
export const setTags = (card: string, tags: string[]) => http.put<Customer>(`/customers/${card}/tags`, { tags })
export const suggestTags = (q: string) => http.get<{ items: { tag: string }[] }>('/tags', { q }).then((page) => page.items.map((one) => one.tag))
export const tie = (card: string, customer_id: string, role: string) => http.post<Customer>(`/customers/${card}/links`, { customer_id, role })
export const untie = (link: string) => http.delete(`/customer-links/${link}`)
export const mergeCards = (kept: string, other_id: string, take: MergeField[]) => http.post<Customer>(`/customers/${kept}/merges`, { other_id, take })
export const undoMerge = (merge: string) => http.post<Customer>(`/merges/${merge}/undo`, {})

export const useDoubles = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: computed(() => ['doubles', toValue(id)]),
    queryFn: () => http.get<{ items: Double[] }>(`/customers/${toValue(id)}/duplicates`).then((page) => page.items),
  })
