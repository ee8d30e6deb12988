import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { DECIDED } from '@/entities/privacy'

/** What a code of the closed list means: why there is no sound, or no call. */
export function useReasons() {
  const { t, te } = useI18n()
  return (code: string): string => {
    if (DECIDED.includes(code)) return t(`lack.${code}`)
    if (te(`lack.${code}`, 'en')) return t('recording_state.not_kept', { why: t(`lack.${code}`) })
    const section = ['file_fault', 'absence'].find((one) => te(`${one}.${code}`, 'en'))
    return section ? t(`${section}.${code}`) : code
  }
}

/** Why there is nothing to hear, in words. */
export function useWhyNoSound(recording: MaybeRefOrGetter<{ state: string; error?: string } | undefined>) {
  const { t } = useI18n()
  const reason = useReasons()
  return computed(() => {
    const { state, error } = toValue(recording) ?? { state: 'waiting', error: '' }
    return error && state !== 'stored' ? reason(error) : t(`recording_state.${state}`)
  })
}
