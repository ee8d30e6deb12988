import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { AnswerLine, CallSound, DisputeVerdict, EvaluationAnswer, EvaluationLine, FormAnswer, FormBody, QuestionBody, QuestionKind, ScoreSection } from '@/api/generated'
import type { Page } from '@/api/types'
import { moments } from './calls'

export type Evaluation = EvaluationAnswer
export type ScoreAnswer = AnswerLine
export type Question = Required<Omit<QuestionBody, 'id'>> & { id: string }
export type { CallSound, EvaluationLine, FormAnswer as ScoreForm, FormBody, QuestionKind, ScoreSection }

export const KINDS: readonly QuestionKind[] = ['yes_no', 'scale', 'choice', 'text']
export const STATES = ['draft', 'published', 'acknowledged', 'disputed', 'settled'] as const
export const FILTERS = ['state', 'form', 'agent', 'queue', 'from', 'to'] as const
export type ScoreFilter = Partial<Record<(typeof FILTERS)[number], string>>

export const stateTone = { draft: 'quiet', published: 'call', acknowledged: 'good', disputed: 'bad', settled: 'good' } as const

export function useEvaluations(filter: MaybeRefOrGetter<ScoreFilter & { call?: string }>, limit = 50) {
  return useInfiniteQuery({
    queryKey: computed(() => ['evaluations', toValue(filter), limit]),
    queryFn: ({ pageParam, signal }) => http.get<Page<EvaluationLine>>('/evaluations', { ...moments(toValue(filter)), limit, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<EvaluationLine>) => last.next_cursor,
  })
}

export const useEvaluation = (id: MaybeRefOrGetter<string>) =>
  useQuery({ queryKey: computed(() => ['evaluation', toValue(id)]), queryFn: () => http.get<Evaluation>(`/evaluations/${toValue(id)}`), enabled: computed(() => Boolean(toValue(id))) })

export const useScoreForms = (enabled: MaybeRefOrGetter<boolean> = true) =>
  useQuery({ queryKey: ['score-forms'], queryFn: () => http.get<{ items: FormAnswer[] }>('/score-forms').then((page) => page.items), enabled: computed(() => toValue(enabled)) })

const tag = (one: { version: number }) => `"${one.version}"`
export const saveForm = (body: FormBody, known?: FormAnswer) =>
  known ? http.putTagged<FormAnswer>(`/score-forms/${known.id}`, body, tag(known)).then((saved) => saved.data) : http.post<FormAnswer>('/score-forms', body)

export const beginEvaluation = (form_id: string, segment_id: string) => http.post<Evaluation>('/evaluations', { form_id, segment_id })
export const keepEvaluation = (one: { id: string; version: number }, answers: ScoreAnswer[], summary: string) =>
  http.putTagged<Evaluation>(`/evaluations/${one.id}`, { answers, summary }, tag(one)).then((saved) => saved.data)
export const publishEvaluation = (id: string) => http.post<Evaluation>(`/evaluations/${id}/publish`)
export const dropEvaluation = (id: string) => http.delete(`/evaluations/${id}`)
export const acknowledge = (id: string) => http.post<Evaluation>(`/evaluations/${id}/acknowledge`)
export const dispute = (id: string, reason: string) => http.post<Evaluation>(`/evaluations/${id}/dispute`, { reason })
export const settle = (id: string, verdict: DisputeVerdict, reason: string, answers?: ScoreAnswer[]) =>
  http.post<Evaluation>(`/evaluations/${id}/settle`, { verdict, reason, answers: answers ?? null })

export const questionsOf = (sections: readonly ScoreSection[]) => sections.flatMap((section) => section.questions as Question[])

/** An answer to each question: what was given, or nothing yet. */
export const answersOf = (one: Pick<Evaluation, 'sections' | 'answers'>): ScoreAnswer[] =>
  questionsOf(one.sections).map(({ id }) => ({ ...(one.answers.find((answer) => answer.question_id === id) ?? noAnswer(id)) }))
export const noAnswer = (question_id: string): ScoreAnswer => ({ question_id, given: null, does_not_apply: false, words: '', comment: '', at_s: null })

/** The steps a question can be answered with, the best first where they are words. */
export function stepsOf(question: Question): number[] {
  if (question.kind === 'text') return []
  if (question.kind === 'yes_no') return [1, 0]
  return Array.from({ length: question.kind === 'scale' ? question.most + 1 : question.choices.length }, (_, step) => step)
}

/** Where in which recording a moment of the call is heard. */
export function heardIn(sounds: readonly CallSound[], at_s: number): { sound: CallSound; at: number } | undefined {
  const sound = sounds.find((one) => one.state === 'stored' && at_s >= one.offset_s - 1 && at_s <= one.offset_s + one.duration_s + 1)
  return sound && { sound, at: Math.max(0, at_s - sound.offset_s) }
}
