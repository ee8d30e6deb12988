import { expect, it } from 'vitest'
import { combo } from './keys'

const key = (of: Partial<KeyboardEvent>) => combo(of as KeyboardEvent)

it('names keys by their place, so that a Cyrillic layout works', () => {
  expect(key({ key: 'ф', code: 'KeyA', altKey: true })).toBe('alt+a')
  expect(key({ key: 'Enter', code: 'Enter', ctrlKey: true })).toBe('ctrl+enter')
  expect(key({ key: '3', code: 'Numpad3' })).toBe('3')
})

it('names the first five shifted digits by their place, and keeps the others what they type', () => {
  expect(key({ key: '?', code: 'Slash', shiftKey: true })).toBe('?')
  expect(key({ key: '!', code: 'Digit1', shiftKey: true })).toBe('shift+1')
  expect(key({ key: '"', code: 'Digit2', shiftKey: true })).toBe('shift+2')
  expect(key({ key: '?', code: 'Digit7', shiftKey: true })).toBe('?')
  expect(key({ key: '1', code: 'Digit1', shiftKey: true })).toBe('1')
})
