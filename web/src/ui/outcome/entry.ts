import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { http } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Choice, Customer, Segment } from '@/api/types'
import { logOutcome } from '@/entities/calls'
import { changeCustomer } from '@/entities/customers'
import { OWN } from '@/entities/fields'
import { useOutcomeChoices } from '@/entities/outcomeChoices'
import type { Written } from './written'

export type Lack = 'outcome' | 'comment' | 'step' | 'card' | 'confirm'

/** What is said of a talk, as it is being written. What it lacks the server decides; here it is only shown early. */
export function useEntry(segment: () => string, moment: () => string, written: Written) {
  const { locale } = useI18n()
  const queries = useQueryClient()
  const query = useOutcomeChoices(segment, moment)
  const { outcome, comment, extras, step, card } = written
  const asked = ref('')

  const items = computed<Choice[]>(() => query.data.value?.items ?? [])
  const plain = computed(() => items.value.filter((one) => !one.system))
  const system = computed(() => items.value.filter((one) => one.system))
  const most = computed(() => (chosen.value?.system ? 0 : (query.data.value?.extras ?? 0)))
  const find = (code: string | null) => items.value.find((one) => one.code === code && !one.group)
  const chosen = computed(() => find(outcome.value))
  const picked = computed(() => [outcome.value, ...extras.value].map(find).filter((one) => one !== undefined))
  /** Chosen, and taken away by an administrator since: to be told, never dropped in silence. */
  const withdrawn = computed(() => (query.data.value ? [outcome.value, ...extras.value].filter((code): code is string => !!code && !find(code)) : []))
  const rule = computed(() => {
    if (picked.value.some((one) => one.comment === 'required')) return 'required'
    return picked.value.length && picked.value.every((one) => one.comment === 'none') ? 'none' : 'optional'
  })
  const least = computed(() => {
    const longest = Math.max(0, ...picked.value.map((one) => one.comment_min))
    return Math.max(rule.value === 'required' ? 1 : 0, comment.value.trim() ? longest : 0)
  })
  const missing = computed(() => [...new Set(picked.value.flatMap((one) => one.missing))])
  const promises = computed(() => picked.value.some((one) => one.follow_up || one.call_back_min) || outcome.value === 'callback')
  const inMinutes = computed(() => picked.value.find((one) => one.call_back_min)?.call_back_min ?? undefined)
  const ready = computed(() => [...new Set(picked.value.map((one) => one.message).filter(Boolean))].join(', '))
  const label = (one: Choice) => one.labels[locale.value] || one.labels.en || Object.values(one.labels).find(Boolean) || one.code
  const path = (one: Choice): string => {
    const above = items.value.find((other) => other.code === one.parent)
    return above ? `${path(above)} › ${label(one)}` : label(one)
  }

  // Another choice is asked about anew, and may not have what was added to the first.
  watch(outcome, (code) => ([asked.value, extras.value] = ['', extras.value.filter((one) => one !== code)]))
  watch(extras, () => (asked.value = ''))

  function lacks(): Lack | undefined {
    if (!chosen.value) return 'outcome'
    if (rule.value !== 'none' && comment.value.trim().length < least.value) return 'comment'
    if (picked.value.some((one) => one.follow_up) && !step.value) return 'step'
    if (missing.value.some((field) => !card.value[field]?.trim())) return 'card'
    return picked.value.some((one) => one.confirm) && asked.value !== outcome.value ? 'confirm' : undefined
  }

  /** What the server says is lacking, in the same words. */
  function lackIn(refusal: unknown): Lack | undefined {
    const { fields } = asProblem(refusal)
    const of: [string, Lack][] = [['outcome', 'outcome'], ['comment', 'comment'], ['next_step', 'step'], ['confirmed', 'confirm']]
    if (Object.keys(fields).some((name) => name.startsWith('card.') || name.startsWith('fields.'))) return 'card'
    return of.find(([name]) => name in fields)?.[1]
  }

  async function log(): Promise<Segment> {
    await fill()
    const said = { outcome: outcome.value ?? '', extras: extras.value.filter(find).slice(0, most.value), confirmed: asked.value !== '' }
    const logged = await logOutcome(segment(), { ...said, comment: rule.value === 'none' ? '' : comment.value.trim(), next_step: step.value ?? null })
    void queries.invalidateQueries({ queryKey: ['prepared'] })
    return logged
  }

  /** What the codes ask for goes onto the card first: it stays there, whatever becomes of the outcome. */
  async function fill(): Promise<void> {
    const id = query.data.value?.card
    if (!id || !missing.value.length) return
    const { etag } = await http.getTagged<Customer>(`/customers/${id}`)
    const written = missing.value.map((field) => [field, card.value[field]?.trim() ?? ''] as const)
    const [plain, own] = [written.filter(([name]) => !name.startsWith(OWN)), written.filter(([name]) => name.startsWith(OWN))]
    await changeCustomer(id, { ...Object.fromEntries(plain), ...(own.length && { fields: Object.fromEntries(own.map(([name, text]) => [name.slice(OWN.length), text])) }) }, etag)
    for (const key of ['customers', 'customer', 'outcome-choices']) void queries.invalidateQueries({ queryKey: [key] })
  }

  const usedUp = computed(() => query.data.value?.short_used_up ?? 0)
  const again = () => void queries.invalidateQueries({ queryKey: ['outcome-choices'] })
  return { query, items, plain, system, most, chosen, picked, withdrawn, asked, rule, least, missing, promises, inMinutes, ready, usedUp, label, path, lacks, lackIn, log, again }
}
