import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { DayProgress, ReportPolicy } from '@/api/generated'

const LOOK_MS = 60_000
/** One's own day, or everybody's; looked at again every minute. */
export const useProgress = (whose: 'me' | 'reports', enabled: MaybeRefOrGetter<boolean> = true) =>
  useQuery({ queryKey: ['progress', whose], queryFn: () => http.get<DayProgress>(`/${whose}/progress`), refetchInterval: LOOK_MS, enabled: computed(() => toValue(enabled)) })

export const useReportRules = () => useQuery({ queryKey: ['report-rules'], queryFn: () => http.getTagged<Required<ReportPolicy>>('/report-rules') })
export const saveReportRules = (rules: ReportPolicy, etag: string) => http.putTagged<Required<ReportPolicy>>('/report-rules', rules, etag)
