import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { address, http } from '@/api/client'
import type { AlarmAnswer, AlarmPolicy, Alarms, QueueLimits } from '@/api/generated'

export type Limits = Required<QueueLimits>
export type AlarmRules = Required<Omit<AlarmPolicy, 'all' | 'queues'>> & { all: Limits; queues: (Limits & { pbx: string; queue: string })[] }
export const LIMITS = ['longest_wait_s', 'waiting', 'service_level', 'abandoned', 'ready'] as const
export const HOUSE = ['wrapup_s', 'link_down_s', 'interval_min', 'settle_s'] as const

export const useAlarmRules = () => useQuery({ queryKey: ['alarm-rules'], queryFn: () => http.getTagged<AlarmRules>('/alarm-rules') })
export const saveAlarmRules = (rules: AlarmRules, etag: string) => http.putTagged<AlarmRules>('/alarm-rules', rules, etag)

export type PastAlarm = AlarmAnswer
export const KINDS = ['longest_wait', 'waiting', 'service_level', 'abandoned', 'ready', 'wrapup', 'link'] as const
export interface AlarmFilter { kind?: string; pbx?: string; queue?: string; from?: string; to?: string; open?: string }

const DAY_MS = 86_400_000
const day = (text: string | undefined, more = 0) => (text ? new Date(Date.parse(`${text}T00:00`) + more).toISOString() : '')
const asked = ({ from, to, ...rest }: AlarmFilter) => ({ ...rest, since: day(from), before: day(to, DAY_MS) })

export const usePastAlarms = (filter: MaybeRefOrGetter<AlarmFilter>) =>
  useInfiniteQuery({
    queryKey: computed(() => ['alarms', toValue(filter)]),
    queryFn: ({ pageParam }) => http.get<Alarms>('/alarms', { ...asked(toValue(filter)), limit: 50, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Alarms) => last.next_cursor,
  })
export const alarmSheet = (filter: AlarmFilter) => address('/alarms/export', asked(filter))
export const acknowledge = (id: string) => http.post(`/alarms/${id}/acknowledge`)
