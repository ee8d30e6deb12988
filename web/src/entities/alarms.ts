import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { AlarmPolicy, QueueLimits } from '@/api/generated'

export type Limits = Required<QueueLimits>
export type AlarmRules = Required<Omit<AlarmPolicy, 'all' | 'queues'>> & { all: Limits; queues: (Limits & { pbx: string; queue: string })[] }
export const LIMITS = ['longest_wait_s', 'waiting', 'service_level', 'abandoned', 'ready'] as const
export const HOUSE = ['wrapup_s', 'link_down_s', 'interval_min', 'settle_s'] as const

export const useAlarmRules = () => useQuery({ queryKey: ['alarm-rules'], queryFn: () => http.getTagged<AlarmRules>('/alarm-rules') })
export const saveAlarmRules = (rules: AlarmRules, etag: string) => http.putTagged<AlarmRules>('/alarm-rules', rules, etag)
