import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { http } from '@/api/client'
import type { CodePlace, Outcome, NewOutcome, OutcomePatch, Segment } from '@/api/types'

export const COMMENT_RULES = ['none', 'optional', 'required'] as const

export function useOutcomes() {
  const { t, locale } = useI18n()
  const query = useQuery({
    queryKey: ['outcomes'],
    queryFn: () => http.get<{ items: Outcome[] }>('/outcomes').then((page) => page.items),
    staleTime: 60_000,
  })
  /** As the tree stands: a group before what is in it. */
  const all = computed(() => query.data.value ?? [])
  const label = (outcome: Outcome) => labelIn(outcome, locale.value)
  /** A code that was deleted since is still better than nothing. */
  const labelOf = (code: string | null | undefined) => {
    const found = all.value.find((outcome) => outcome.code === code)
    return found ? pathOf(found).map(label).join(' › ') : (code ?? '')
  }
  /** From the root down to the code itself. */
  const pathOf = (outcome: Outcome): Outcome[] => {
    const above = all.value.find((one) => one.id === outcome.parent_id)
    return above ? [...pathOf(above), outcome] : [outcome]
  }
  return {
    ...query,
    all,
    active: computed(() => all.value.filter((outcome) => outcome.active && !outcome.group)),
    label,
    labelOf,
    /** What came of somebody's part, "" while nothing did; what no person said is marked as such. */
    pathOf,
    cameOf: ({ outcome, outcome_extras: extras, outcome_state: state, outcome_by: by }: Pick<Segment, 'outcome' | 'outcome_extras' | 'outcome_state' | 'outcome_by'>) => {
      if (state === 'automatic') return t('outcome.automatic', { outcome: labelOf(outcome) || t('outcome_state.automatic') })
      if (state === 'waived' && !by) return t('outcome.nothing_owed')
      return [outcome, ...extras].map(labelOf).join(' + ')
    },
  }
}

export function labelIn(outcome: Pick<Outcome, 'labels' | 'code'>, language: string): string {
  return outcome.labels[language] || outcome.labels.en || Object.values(outcome.labels).find(Boolean) || outcome.code
}

export const addOutcome = (outcome: NewOutcome) => http.post<Outcome>('/outcomes', outcome)
/** Both only where nobody changed the code meanwhile. */
export const changeOutcome = (outcome: Outcome, patch: OutcomePatch) =>
  http.patchTagged<Outcome>(`/outcomes/${outcome.id}`, patch, `"${outcome.version}"`).then(({ data }) => data)
export const placeOutcome = (outcome: Outcome, place: CodePlace) =>
  http.putTagged<Outcome>(`/outcomes/${outcome.id}/place`, place, `"${outcome.version}"`)
