import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { address, http } from '@/api/client'
import type {
  AuditLine, AuditPage, ChainAnswer, ErasureAnswer, Erasures, HoldAnswer, Holds, KeepingAnswer, KeepingBody, MyNotice,
  ErasurePreview, RecordingRuleAnswer, RecordingRuleBody, RecordingRules, StaffNoticeAnswer, Tonight,
} from '@/api/generated'

export type { AuditLine, ErasureAnswer as Erasure, HoldAnswer as Hold, MyNotice, ErasurePreview as Preview }
export type Keeping = Required<KeepingBody>
export type Rule = RecordingRuleAnswer
export type AuditFilter = Record<'actor_id' | 'verb' | 'thing_id' | 'since' | 'before', string>

export const MODES = ['forced', 'on_demand', 'forbidden'] as const
export const HOWS = ['agent', 'sound', 'early', 'trunk'] as const
/** Decisions, beside what is missing in a rule. */
export const DECIDED: readonly string[] = ['forbidden_by_policy', 'not_asked_for', 'caller_declined']
export const REASONS = ['request', 'no_longer_needed', 'unlawful'] as const

export const useRules = () =>
  useQuery({ queryKey: ['recording-rules'], queryFn: () => http.get<RecordingRules>('/privacy/recording') })
export const saveRule = (rule: RecordingRuleBody, version: number) =>
  http.putTagged<RecordingRuleAnswer>('/privacy/recording', rule, `"${version}"`)

export const useKeeping = () =>
  useQuery({ queryKey: ['keeping'], queryFn: () => http.getTagged<KeepingAnswer>('/privacy/keeping') })
export const useTonight = () =>
  useQuery({ queryKey: ['tonight'], queryFn: () => http.get<Tonight>('/privacy/keeping/tonight') })
export const saveKeeping = (keeping: Keeping, etag: string) =>
  http.putTagged<KeepingAnswer>('/privacy/keeping', keeping, etag)

export const useStaffNotice = () =>
  useQuery({ queryKey: ['staff-notice'], queryFn: () => http.get<StaffNoticeAnswer>('/privacy/staff-notice') })
export const publishNotice = (texts: Record<string, string>) =>
  http.put<StaffNoticeAnswer>('/privacy/staff-notice', { texts })
export const myNotice = () => http.get<MyNotice>('/me/notice')
export const confirmNotice = (version: number, language: string) =>
  http.post<MyNotice>('/me/notice', { version, language })

export const useErasures = () =>
  useQuery({ queryKey: ['erasures'], queryFn: () => http.get<Erasures>('/erasures').then((page) => page.items) })
export const previewErasure = (customer: string) => http.get<ErasurePreview>(`/customers/${customer}/erasure`)
export const erase = (customer: string, order: { reason: string; reference: string; preview: string }) =>
  http.post<ErasureAnswer>(`/customers/${customer}/erasure`, order)
export const exportAddress = (customer: string) => address(`/customers/${customer}/export`)

export const useHolds = () =>
  useQuery({ queryKey: ['holds'], queryFn: () => http.get<Holds>('/legal-holds').then((page) => page.items) })
export const hold = (customer: string, reference: string) =>
  http.post<HoldAnswer>('/legal-holds', { customer_id: customer, reference })
export const release = (id: string) => http.delete(`/legal-holds/${id}`)

export function useAudit(filter: MaybeRefOrGetter<AuditFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => ['audit', toValue(filter)]),
    queryFn: ({ pageParam }) => http.get<AuditPage>('/audit', { ...toValue(filter), limit: 50, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: AuditPage) => last.next_cursor,
  })
}
export const checkChain = (head: string) => http.get<ChainAnswer>('/audit/chain', { head })
export const auditExportAddress = (filter: AuditFilter) => address('/audit/export', filter)

interface Report {
  rows?: Record<string, number>
  files?: Record<string, number>
  remains?: Record<string, number>
}
/** The place of a rule in words: a queue or a number by its own name. */
export const placeOf = (rule: Rule, t: (key: string) => string) => rule.queue || t(`privacy.scope.${rule.scope}`)

type Translate = (key: string, values: Record<string, unknown>) => string

/** What went where, in words, and last where the number still stands. `named` puts a table into words. */
export function reported(report: Report, named: (name: string) => string, t: Translate): string[] {
  const lines = (kind: keyof Report, key: string) =>
    Object.entries(report[kind] ?? {}).filter(([, count]) => count > 0).map(([name, count]) => t(key, { name: named(name), count }))
  return [...lines('rows', 'erasure.count'), ...lines('files', 'erasure.count'), ...lines('remains', 'erasure.remains_in')]
}
