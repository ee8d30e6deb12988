import { describe, expect, it } from 'vitest'
import { guess, serviceOf } from './reach'

describe('what is pasted', () => {
  it.each([
    ['ivan@example.com', 'email'], ['+7 (916) 123-45-67', 'phone'], ['www.romashka.ru', 'site'], ['https://romashka.ru/a', 'site'],
    ['https://t.me/ivan', 'messenger'], ['@ivan_p', 'messenger'], ['Main Street 1', undefined], ['112', undefined],
  ])('%s is seen to be %s', (text, kind) => expect(guess(text)).toBe(kind))

  it('tells the messenger by its link', () => {
    expect([serviceOf('https://wa.me/79161234567'), serviceOf('t.me/ivan'), serviceOf('@ivan')]).toEqual(['whatsapp', 'telegram', undefined])
  })
})
