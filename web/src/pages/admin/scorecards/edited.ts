import type { FormBody, QuestionKind, ScoreForm } from '@/entities/scores'

/** A question while it is being written: `key` tells it from others before it has an id. */
export interface EditedQuestion {
  key: string
  id: string | null
  kind: QuestionKind
  text: string
  hint: string
  weight: number
  critical: boolean
  may_not_apply: boolean
  most: number
  choices: { label: string; points: number }[]
}
export interface EditedSection { key: string; title: string; questions: EditedQuestion[] }
export interface EditedForm { name: string; active: boolean; sections: EditedSection[] }

let made = 0
const key = () => `new ${++made}`
export const newQuestion = (): EditedQuestion => ({ key: key(), id: null, kind: 'yes_no', text: '', hint: '', weight: 1, critical: false, may_not_apply: false, most: 5, choices: [] })
export const newSection = (): EditedSection => ({ key: key(), title: '', questions: [newQuestion()] })

export const editedForm = (form?: ScoreForm): EditedForm => ({
  name: form?.name ?? '',
  active: form?.active ?? true,
  sections: form
    ? form.sections.map((section) => ({
        key: key(),
        title: section.title,
        questions: section.questions.map((one) => ({ ...newQuestion(), ...one, id: one.id ?? null, choices: (one.choices ?? []).map((choice) => ({ ...choice })) })),
      }))
    : [newSection()],
})

/** As the server takes it. */
export const formBody = ({ name, active, sections }: EditedForm): FormBody => ({
  name,
  active,
  sections: sections.map(({ title, questions }) => ({
    title,
    questions: questions.map(({ id, kind, text, hint, weight, critical, may_not_apply, most, choices }) => ({ id, kind, text, hint, weight, critical, may_not_apply, most, choices: kind === 'choice' ? choices : [] })),
  })),
})

/** One place up or down; whether there was a place. */
export function move<T>(list: T[], at: number, step: 1 | -1): boolean {
  const other = list[at + step]
  const moved = list[at]
  if (other === undefined || moved === undefined) return false
  ;[list[at], list[at + step]] = [other, moved]
  return true
}

/** A question goes past the end of its section into the next one. */
export function moveQuestion(form: EditedForm, section: number, at: number, step: 1 | -1): boolean {
  const here = form.sections[section]
  const next = form.sections[section + step]
  if (!here) return false
  if (move(here.questions, at, step)) return true
  const [moved] = next ? here.questions.splice(at, 1) : []
  if (!next || !moved) return false
  next.questions.splice(step > 0 ? 0 : next.questions.length, 0, moved)
  return true
}
