import { useI18n } from 'vue-i18n'
import type { Because } from '@/entities/routing'
import { useStatuses } from '@/entities/statuses'

/** What routing decided, and why, as people say it. */
export function useRoutingWords() {
  const { t, locale } = useI18n()
  const { labelOf } = useStatuses()

  function language(code: string): string {
    try {
      return new Intl.DisplayNames([locale.value], { type: 'language' }).of(code.replace('_', '-')) ?? code
    } catch {
      return code
    }
  }
  function meant({ ground, word }: Because): string {
    if (ground === 'status') return labelOf(word)
    if (ground === 'language') return language(word)
    return ground === 'then' ? t(`routing.then.${word}`) : word
  }
  const because = (one: Because) =>
    t(`routing.ground.${one.ground}`, { word: meant(one), name: one.agent?.display_name ?? t('routing.somebody') })
  return { because, language }
}
