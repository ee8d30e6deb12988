import { useI18n } from 'vue-i18n'
import type { Alarm } from '@/api/types'
import { percent } from './percent'
import { duration } from './time'

type Kind = Alarm['kind']
const SECONDS: readonly Kind[] = ['longest_wait', 'wrapup', 'link']

/** What an alarm measures, in words: a time, heads, or a share. */
export function useAlarmValue(): (kind: Kind, value: number) => string {
  const { locale } = useI18n()
  return (kind, value) => (SECONDS.includes(kind) ? duration(value * 1000) : kind === 'service_level' ? percent(value, locale.value) : String(value))
}

/** An alarm in words. What goes on growing is shown by a clock beside it. */
export function useAlarmWords(): (alarm: Pick<Alarm, 'kind' | 'name' | 'value' | 'limit'>) => string {
  const { t } = useI18n()
  const said = useAlarmValue()
  return ({ kind, name, value, limit }) => t(`alarms.${kind}`, { name, value: said(kind, value), limit: said(kind, limit) })
}
