import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Tagged } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Customer, CustomerPatch } from '@/api/types'
import { changeCustomer, customerKey } from '@/entities/customers'
import { useSaid } from '@/ui/said'

export interface Conflict {
  patch: CustomerPatch
  theirs: Customer
}

/** Saves one field at a time against the version it was read at. A conflict shows both and asks, it never overwrites. */
export function useEditing(id: () => string) {
  const queries = useQueryClient()
  const { t } = useI18n()
  const { done, failed } = useSaid()
  const conflict = ref<Conflict>()
  const unsaved = ref<{ patch: CustomerPatch; problem: unknown }>()
  const kept = () => queries.getQueryData<Tagged<Customer>>(customerKey(id()))

  const { mutateAsync } = useMutation({
    scope: { id: 'customer-card' },
    mutationFn: ({ customer, patch }: { customer: string; patch: CustomerPatch }) => {
      const now = queries.getQueryData<Tagged<Customer>>(customerKey(customer))
      return changeCustomer(customer, patch, now?.etag ?? '')
    },
  })

  async function save(patch: CustomerPatch, quietly = false): Promise<void> {
    const customer = id()
    const before = kept()?.data
    try {
      queries.setQueryData(customerKey(customer), await mutateAsync({ customer, patch }))
      unsaved.value = undefined
      if (!quietly && before) done(t('customer.saved'), () => void save(undoing(before, patch), true))
      for (const queryKey of [['customers'], ['timeline', customer]]) void queries.invalidateQueries({ queryKey })
    } catch (error) {
      if (asProblem(error).status === 412) return meet(customer, patch)
      unsaved.value = { patch, problem: error }
      if (!asProblem(error).unreachable) failed(error)
    }
  }

  async function meet(customer: string, patch: CustomerPatch): Promise<void> {
    await queries.refetchQueries({ queryKey: customerKey(customer) })
    const theirs = kept()?.data
    if (!theirs) return
    const same = (Object.keys(patch) as (keyof CustomerPatch)[]).every((field) => says(theirs, patch)[field] === says(patch, patch)[field])
    if (!same) conflict.value = { patch, theirs }
  }

  function resolve(mine: boolean): void {
    const met = conflict.value
    conflict.value = undefined
    if (met && mine) void save(met.patch, true)
  }

  return { save, conflict, resolve, unsaved, retry: () => unsaved.value && save(unsaved.value.patch) }
}

export function undoing(before: Customer, patch: CustomerPatch): CustomerPatch {
  const back = Object.fromEntries((Object.keys(patch) as (keyof CustomerPatch)[]).map((field) => [field, before[field]]))
  return patch.fields ? { ...back, fields: Object.fromEntries(Object.keys(patch.fields).map((code) => [code, before.fields[code] ?? ''])) } : back
}

/** Of fields that were added only those that are written are compared. */
function says(card: CustomerPatch | Customer, patch: CustomerPatch): Partial<Record<keyof CustomerPatch, unknown>> {
  const fields = Object.keys(patch.fields ?? {}).map((code) => card.fields?.[code] ?? '')
  return { ...card, fields: fields.join('\n') }
}
