import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http, type Tagged } from '@/api/client'
import { moments } from './calls'
import type { Customer, CustomerBrief, CustomerNew, CustomerPatch, Page, TimelineItem } from '@/api/types'

type CustomerPage = Page<CustomerBrief>
type TimelinePage = Page<TimelineItem>

type Given<T> = MaybeRefOrGetter<T>

export const customerKey = (id: string) => ['customer', id]

export function useCustomer(id: Given<string>) {
  return useQuery({
    queryKey: computed(() => customerKey(toValue(id))),
    queryFn: () => http.getTagged<Customer>(`/customers/${toValue(id)}`),
  })
}

export const CUSTOMER_FILTERS = ['q', 'status', 'tag', 'kind', 'field', 'value'] as const
export type CustomerFilter = Partial<Record<(typeof CUSTOMER_FILTERS)[number], string>>
export const TIMELINE_KINDS = ['call', 'note', 'message', 'status', 'task', 'change'] as const
export const TIMELINE_FILTERS = ['kinds', 'person', 'from', 'to'] as const
export type TimelineFilter = Partial<Record<(typeof TIMELINE_FILTERS)[number], string>>

export function useCustomers(filter: Given<CustomerFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['customers', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<CustomerPage>('/customers', { ...toValue(filter), limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: CustomerPage) => last.next_cursor,
  })
}

export function useTimeline(id: Given<string>, filter: Given<TimelineFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['timeline', toValue(id), toValue(filter)]),
    queryFn: ({ pageParam, signal }) =>
      http.get<TimelinePage>(`/customers/${toValue(id)}/timeline`, { ...moments(toValue(filter)), limit: 20, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: TimelinePage) => last.next_cursor,
  })
}

export const searchCustomers = (q: string, signal?: AbortSignal) =>
  http.get<CustomerPage>('/customers', { q, limit: 8 }, signal).then((page) => page.items)

export const createCustomer = (customer: CustomerNew) => http.post<Customer>('/customers', customer)

export const forbidCalls = (id: string, why: string) => http.put<Customer>(`/customers/${id}/do-not-call`, { why })
export const allowCalls = (id: string) => http.delete(`/customers/${id}/do-not-call`)

export const changeCustomer = (id: string, patch: CustomerPatch, etag: string): Promise<Tagged<Customer>> =>
  http.patchTagged<Customer>(`/customers/${id}`, patch, etag)
