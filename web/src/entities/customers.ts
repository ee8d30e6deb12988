import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http, type Tagged } from '@/api/client'
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

export function useCustomers(q: Given<string>, status: Given<string> = '') {
  return useInfiniteQuery({
    queryKey: computed(() => ['customers', toValue(q), toValue(status)]),
    queryFn: ({ pageParam, signal }) =>
      http.get<CustomerPage>('/customers', { q: toValue(q), status: toValue(status), limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: CustomerPage) => last.next_cursor,
  })
}

export function useTimeline(id: Given<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['timeline', toValue(id)]),
    queryFn: ({ pageParam }) =>
      http.get<TimelinePage>(`/customers/${toValue(id)}/timeline`, { limit: 20, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: TimelinePage) => last.next_cursor,
  })
}

export const searchCustomers = (q: string, signal?: AbortSignal) =>
  http.get<CustomerPage>('/customers', { q, limit: 8 }, signal).then((page) => page.items)

export const createCustomer = (customer: CustomerNew) => http.post<Customer>('/customers', customer)

export const changeCustomer = (id: string, patch: CustomerPatch, etag: string): Promise<Tagged<Customer>> =>
  http.patchTagged<Customer>(`/customers/${id}`, patch, etag)

export const addNumber = (id: string, raw: string, label: string) =>
  http.post<unknown>(`/customers/${id}/numbers`, { raw, label })

export const removeNumber = (id: string, number: string) => http.delete(`/customers/${id}/numbers/${number}`)
