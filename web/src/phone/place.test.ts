import { expect, it } from 'vitest'
import { clockIn, regionName } from './place'

it('names a region in the language of the reader', () => {
  expect([regionName('IT', 'en'), regionName('IT', 'it'), regionName('', 'en')]).toEqual(['Italy', 'Italia', ''])
})

it('shows the clock of the caller, and nothing for an unknown zone', () => {
  const noon = Date.UTC(2026, 10, 24, 12, 0)
  expect(clockIn('Europe/Rome', noon, 'it')).toContain('13:00')
  expect(clockIn('Mars/Olympus', noon, 'en')).toBeUndefined()
})
