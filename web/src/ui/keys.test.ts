import { expect, it } from 'vitest'
import { combo } from './keys'

const key = (of: Partial<KeyboardEvent>) => combo(of as KeyboardEvent)

it('names keys by their place, so that a Cyrillic layout works', () => {
  expect(key({ key: 'ф', code: 'KeyA', altKey: true })).toBe('alt+a')
  expect(key({ key: 'Enter', code: 'Enter', ctrlKey: true })).toBe('ctrl+enter')
  expect(key({ key: '3', code: 'Numpad3' })).toBe('3')
})

it('keeps a shifted digit what it types', () => {
  expect(key({ key: '?', code: 'Slash', shiftKey: true })).toBe('?')
  expect(key({ key: '!', code: 'Digit1', shiftKey: true })).toBe('!')
})
