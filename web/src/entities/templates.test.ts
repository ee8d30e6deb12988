import { expect, it } from 'vitest'
import { filled, programLink } from './templates'

it('fills what it knows and leaves the rest to be seen', () => {
  expect(filled('{customer}, {nobody} {', { customer: '{agent}', agent: 'Anna' })).toBe('{agent}, {nobody} {')
})

it('opens a program with all that is said, and nothing that a name slips in', () => {
  const link = programLink({ kind: 'email', recipient: 'a&b@example.com?bcc=x', subject: 'A & B', text: 'one\ntwo&bcc=evil' })
  expect(link).toBe('mailto:a%26b%40example.com%3Fbcc%3Dx?subject=A%20%26%20B&body=one%0D%0Atwo%26bcc%3Devil')
  expect(programLink({ kind: 'sms', recipient: '+7916', subject: '', text: 'x' })).toBe('sms:%2B7916?body=x')
})
