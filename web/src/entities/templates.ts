import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { http } from '@/api/client'
import type { MessageTemplate, NewTemplate, PreparedMessage, TemplatePatch, Templates } from '@/api/types'

/** What is said to customers, and the places that a text may ask for. */
export function useTemplates() {
  const query = useQuery({ queryKey: ['templates'], queryFn: () => http.get<Templates>('/message-templates'), staleTime: 60_000 })
  const all = computed(() => query.data.value?.items ?? [])
  return {
    ...query, all,
    active: computed(() => all.value.filter((one) => one.active)),
    places: computed(() => query.data.value?.places ?? []),
    nameOf: (id: string | null) => all.value.find((one) => one.id === id)?.name ?? '',
  }
}

export const addTemplate = (template: NewTemplate) => http.post<MessageTemplate>('/message-templates', template)
/** Only where nobody changed it meanwhile. */
export const changeTemplate = (template: MessageTemplate, patch: TemplatePatch) =>
  http.patchTagged<MessageTemplate>(`/message-templates/${template.id}`, patch, `"${template.version}"`).then(({ data }) => data)

/** As the server fills it, with samples: for whoever writes a text. */
export const filled = (text: string, values: Record<string, string>): string => text.replace(/\{([^{}]*)\}/g, (place, name: string) => values[name] ?? place)

/** What one's outcomes made ready and nobody has sent yet. */
export const usePrepared = () => useQuery({ queryKey: ['prepared'], queryFn: () => http.get<{ items: PreparedMessage[] }>('/me/prepared-messages').then((page) => page.items) })
export function usePreparedChanged() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => ['prepared', 'timeline'].includes(String(queryKey[0])) })
}
export type Taken = 'copied' | 'mail' | 'sms'
export const settlePrepared = (id: string, state: 'open' | 'taken' | 'dropped', how: Taken | '' = '') => http.put<unknown>(`/prepared-messages/${id}`, { state, how })

/** Opens it in the program that this computer sends such messages with. */
export function programLink({ kind, recipient, subject, text }: Pick<PreparedMessage, 'kind' | 'recipient' | 'subject' | 'text'>): string {
  const body = encodeURIComponent(text.replace(/\r?\n/g, '\r\n'))
  return kind === 'email' ? `mailto:${encodeURIComponent(recipient)}?subject=${encodeURIComponent(subject)}&body=${body}` : `sms:${encodeURIComponent(recipient)}?body=${body}`
}
