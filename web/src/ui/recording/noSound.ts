import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'

/** Why there is nothing to hear, in words. */
export function useWhyNoSound(recording: MaybeRefOrGetter<{ state: string; error?: string } | undefined>) {
  const { t, te } = useI18n()
  return computed(() => {
    const { state, error } = toValue(recording) ?? { state: 'waiting', error: '' }
    if (error && te(`lack.${error}`, 'en')) return t('recording_state.not_kept', { why: t(`lack.${error}`) })
    if (error && state !== 'stored' && te(`file_fault.${error}`, 'en')) return t(`file_fault.${error}`)
    return t(`recording_state.${state}`)
  })
}
