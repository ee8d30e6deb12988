import { readonly, ref } from 'vue'

const current = ref(Date.now())
setInterval(() => (current.value = Date.now()), 1000)

/** One clock for all timers, so that they tick together. */
export const now = readonly(current)

/** "0:23", "12:05", "1:02:03". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** The way the reader's own country writes the language: en-GB for an English reader in London. */
export function regional(language: string): string {
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3_600], ['minute', 60]]

/** "5 minutes ago", and the date itself once that says more. */
export function ago(at: string, language: string, from = Date.now()): string {
  const seconds = (Date.parse(at) - from) / 1000
  if (Math.abs(seconds) > 30 * 86_400) return dateOf(at, language)
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 0]
  return size ? format.format(Math.round(seconds / size), unit) : format.format(0, 'second')
}

export function dateOf(at: string, language: string): string {
  return new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium' }).format(Date.parse(at))
}

export function moment(at: string, language: string): string {
  return new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium', timeStyle: 'medium' }).format(Date.parse(at))
}

export function clock(at: number | string, language: string): string {
  const ms = typeof at === 'string' ? Date.parse(at) : at
  return new Intl.DateTimeFormat(regional(language), { hour: '2-digit', minute: '2-digit' }).format(ms)
}
