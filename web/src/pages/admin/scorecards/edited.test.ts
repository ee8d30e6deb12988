import { describe, expect, it } from 'vitest'
import { editedForm, formBody, moveQuestion, newQuestion } from './edited'

const form = () => {
  const made = editedForm()
  made.name = 'Service'
  made.sections = ['A', 'B'].map((title) => ({ key: title, title, questions: [`${title}1`, `${title}2`].map((text) => ({ ...newQuestion(), text })) }))
  return made
}
const order = (one: ReturnType<typeof form>) => one.sections.map((section) => section.questions.map((question) => question.text).join()).join(' ')

describe('the form editor', () => {
  it('moves questions within a section and over its end', () => {
    const one = form()
    expect(moveQuestion(one, 0, 0, 1)).toBe(true)
    expect(order(one)).toBe('A2,A1 B1,B2')
    moveQuestion(one, 0, 1, 1)
    expect(order(one)).toBe('A2 A1,B1,B2')
    moveQuestion(one, 1, 0, -1)
    expect(order(one)).toBe('A2,A1 B1,B2')
    expect(moveQuestion(one, 0, 0, -1)).toBe(false)
  })

  it('sends choices only of a choice', () => {
    const one = form()
    Object.assign(one.sections[0]?.questions[0] ?? {}, { choices: [{ label: 'x', points: 1 }] })
    expect(formBody(one).sections[0]?.questions[0]?.choices).toEqual([])
    expect(formBody(one).sections[0]?.questions[0]).not.toHaveProperty('key')
  })
})
