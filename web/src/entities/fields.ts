import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { http } from '@/api/client'
import type { CardFieldChange, NewOwnField, OwnField } from '@/api/types'
import { labelIn } from '@/entities/outcomes'

export const FIELD_KINDS = ['text', 'number', 'date', 'yes_no', 'choice'] as const
export const HOLDERS = ['any', 'person', 'organisation'] as const
/** Before the code of a field that was added, where fields that all cards have stand beside it. */
export const OWN = 'own:'

/** Fields that administrators added to cards. */
export function useFields() {
  const { t, locale } = useI18n()
  const query = useQuery({ queryKey: ['card-fields'], queryFn: () => http.get<{ items: OwnField[] }>('/card-fields').then((page) => page.items), staleTime: 60_000 })
  const all = computed(() => query.data.value ?? [])
  const active = computed(() => all.value.filter((one) => one.active))
  const label = (field: OwnField) => labelIn(field, locale.value)
  /** By the name that it has beside fields that all cards have. */
  const named = (name: string) => (name.startsWith(OWN) ? all.value.find((one) => one.code === name.slice(OWN.length)) : undefined)
  return {
    ...query, all, active, label, named,
    on: (kind: string) => active.value.filter((one) => one.holder === 'any' || one.holder === kind),
    /** Of any field of a card. */
    labelOf: (name: string) => {
      const own = named(name)
      return own ? label(own) : name.startsWith(OWN) ? name.slice(OWN.length) : t(`customer.${name}`)
    },
    /** What may be chosen, with what it is called; none: it is written. */
    optionsOf: (field: OwnField | undefined) =>
      field?.kind === 'choice' ? field.options.map((one) => ({ value: one, text: one })) : field?.kind === 'yes_no' ? (['yes', 'no'] as const).map((one) => ({ value: one, text: t(`fields.${one}`) })) : [],
  }
}

export const inputOf = (kind: string | undefined): string => (kind === 'date' ? 'date' : 'text')
export const addField = (field: NewOwnField) => http.post<OwnField>('/card-fields', field)
export const changeField = (id: string, patch: CardFieldChange) => http.patch<OwnField>(`/card-fields/${id}`, patch)
