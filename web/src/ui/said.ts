import { Notify } from 'quasar'
import { useI18n } from 'vue-i18n'
import { asProblem } from '@/api/problem'

/** In the bar, over the search: the one place of every page where nothing of the customer stands. */
const PLACE = { position: 'top', classes: 'said' } as const

/** Errors in the user's words, and the short notes about what was just done. */
export function useSaid() {
  const { t, te } = useI18n()

  function fault(error: unknown): string {
    const { code } = asProblem(error)
    return te(`errors.${code}`, 'en') ? t(`errors.${code}`) : t('errors.unexpected')
  }

  function fieldFault(error: unknown, field: string): string {
    const reason = asProblem(error).fields[field]
    if (!reason) return ''
    return te(`reasons.${reason}`, 'en') ? t(`reasons.${reason}`) : t('reasons.invalid')
  }

  function done(message: string, undo?: () => void): void {
    const actions = undo ? [{ label: t('common.undo'), noCaps: true, flat: true, handler: undo }] : []
    Notify.create({ message, actions, timeout: undo ? 6000 : 2500, ...PLACE, badgeStyle: 'display: none', attrs: { role: 'status' } })
  }

  function failed(error: unknown): void {
    Notify.create({ message: fault(error), caption: asProblem(error).code, timeout: 7000, ...PLACE, attrs: { role: 'alert' } })
  }

  /** The same with a way round it, for whoever has one. */
  function failedBut(error: unknown, label: string, handler: () => void): void {
    const actions = [{ label, noCaps: true, flat: true, handler }]
    Notify.create({ message: fault(error), caption: asProblem(error).code, actions, timeout: 10_000, ...PLACE, attrs: { role: 'alert' } })
  }

  return { fault, fieldFault, done, failed, failedBut }
}
