import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { ImportAnswer, ImportedRows, SheetPreview } from '@/api/types'

type Given<T> = MaybeRefOrGetter<T>
export type Rule = 'skip' | 'fill' | 'overwrite' | 'create'
/** What becomes of rows whose name a customer bears who shares no number with them. */
export type Namesakes = 'create' | 'skip'
export interface Plan {
  mapping: string[]
  rule: Rule
  region: string
}

/** What a column may be, in the order in which people look for it. */
export const FIELDS = ['name', 'first_name', 'last_name', 'phone', 'email', 'organisation', 'status', 'vip', 'kind', 'address', 'note', 'language'] as const
export const RULES: Rule[] = ['fill', 'overwrite', 'skip', 'create']
export const WORKING = new Set(['checking', 'running', 'undoing'])
const EVERY_MS = 700

export const importKey = (id: string) => ['import', id]

export function useImports() {
  return useQuery({
    queryKey: ['imports'],
    queryFn: () => http.get<{ items: ImportAnswer[] }>('/imports').then((page) => page.items),
  })
}

/** One import; asked again while the service works at it. */
export function useImport(id: Given<string>) {
  return useQuery({
    queryKey: computed(() => importKey(toValue(id))),
    queryFn: () => http.get<ImportAnswer>(`/imports/${toValue(id)}`),
    refetchInterval: (query) => (query.state.data && WORKING.has(query.state.data.state) ? EVERY_MS : false),
  })
}

export function usePreview(id: Given<string>, plan: Given<Plan>, wanted: Given<boolean>) {
  return useQuery({
    queryKey: computed(() => ['import-preview', toValue(id), toValue(plan).mapping.join(), toValue(plan).region, toValue(wanted)]),
    enabled: computed(() => toValue(wanted)),
    // A check finds more under the same plan.
    refetchOnMount: 'always',
    queryFn: () => http.get<SheetPreview>(`/imports/${toValue(id)}/preview`, { mapping: toValue(plan).mapping.join(','), region: toValue(plan).region }),
  })
}

export function useImportRows(id: Given<string>, fate: Given<string>) {
  return useQuery({
    queryKey: computed(() => ['import-rows', toValue(id), toValue(fate)]),
    queryFn: () => http.get<ImportedRows>(`/imports/${toValue(id)}/rows`, { fate: toValue(fate), limit: 100 }),
  })
}

export const uploadSheet = (file: File) => http.upload<ImportAnswer>('/imports', file, { filename: file.name })
export const planImport = (id: string, plan: Plan) => http.put<ImportAnswer>(`/imports/${id}/plan`, plan)
export const runImport = (id: string, namesakes: Namesakes = 'create') => http.post<ImportAnswer>(`/imports/${id}/run?namesakes=${namesakes}`)
export const stopImport = (id: string) => http.post<ImportAnswer>(`/imports/${id}/stop`)
export const undoImport = (id: string) => http.post<ImportAnswer>(`/imports/${id}/undo`)
export const discardImport = (id: string) => http.delete(`/imports/${id}`)
