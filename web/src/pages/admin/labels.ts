import { languages } from '@/locales'

/** A field for each language, filled with what is known. */
export const asked = (known?: Record<string, string>): Record<string, string> => ({ ...Object.fromEntries(languages.map((language) => [language, ''])), ...known })

/** What was written in them. */
export const written = (labels: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(labels).map(([language, label]) => [language, label.trim()]).filter(([, label]) => label))
