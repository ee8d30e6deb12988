import { createI18n } from 'vue-i18n'
import en from './en.json'

type Messages = typeof en
const others = import.meta.glob<Messages>(['./*.json', '!./en.json'], { import: 'default' })
const CATEGORIES: Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']
const REMEMBERED = 'callcenter.language'

export const languages = ['en', ...Object.keys(others).map((path) => path.slice(2, -5))].sort()

/** Which of the forms "one | few | many" a number takes, by the rules of the language itself. */
export function pluralForm(language: string): (count: number, forms: number) => number {
  const rules = new Intl.PluralRules(language)
  const used = CATEGORIES.filter((category) => rules.resolvedOptions().pluralCategories.includes(category))
  return (count, forms) => Math.min(used.indexOf(rules.select(Math.abs(count))), forms - 1)
}

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<string, Messages>,
  pluralRules: Object.fromEntries(languages.map((language) => [language, pluralForm(language)])),
})

/** The language of the user, else of this browser, else English. */
export function preferred(): string {
  const wanted = [localStorage.getItem(REMEMBERED), ...navigator.languages].map((l) => l?.split('-')[0])
  return wanted.find((language) => language && languages.includes(language)) ?? 'en'
}

export async function speak(language: string): Promise<void> {
  const known = languages.includes(language) ? language : 'en'
  const load = others[`./${known}.json`]
  if (load && !i18n.global.availableLocales.includes(known)) i18n.global.setLocaleMessage(known, await load())
  i18n.global.locale.value = known
  document.documentElement.lang = known
  localStorage.setItem(REMEMBERED, known)
}

/** A language in its own words. */
export function ownName(language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
}
