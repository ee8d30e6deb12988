import { useI18n } from 'vue-i18n'
import type { Alarm } from '@/api/types'
import { percent } from './percent'
import { duration } from './time'

const SECONDS: readonly Alarm['kind'][] = ['longest_wait', 'wrapup', 'link']

/** An alarm in words. What goes on growing is shown by a clock beside it. */
export function useAlarmWords(): (alarm: Alarm) => string {
  const { t, locale } = useI18n()
  const said = (kind: Alarm['kind'], value: number) =>
    SECONDS.includes(kind) ? duration(value * 1000) : kind === 'service_level' ? percent(value, locale.value) : String(value)
  return ({ kind, name, value, limit }) => t(`alarms.${kind}`, { name, value: said(kind, value), limit: said(kind, limit) })
}
