import { describe, expect, it } from 'vitest'
import { i18n, languages, pluralForm, speak } from '.'
import en from './en.json'

type Tree = { [key: string]: string | Tree }

const files = import.meta.glob<Tree>('./*.json', { import: 'default', eager: true })
const sources = import.meta.glob<string>(['../**/*.{vue,ts}', '!../**/*.test.ts', '!../api/generated/**'], {
  query: '?raw', import: 'default', eager: true,
})

function flat(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flat(value, `${path}${key}.`),
  )
}
const slots = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
const english = new Map(flat(en))

describe.each(Object.keys(files))('%s', (file) => {
  const spoken = new Map(flat(files[file] ?? {}))
  const language = file.slice(2, -5)

  it('says everything that English says, and nothing else', () => {
    expect([...spoken.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fills in the same things', () => {
    for (const [key, text] of spoken) expect([key, slots(text)]).toEqual([key, slots(english.get(key) ?? '')])
  })

  it('has a form for every number', () => {
    const most = new Set([0, 1, 2, 5, 21, 22, 111].map((n) => pluralForm(language)(n, 9))).size
    for (const [key, text] of spoken) if (text.includes(' | ')) expect([key, text.split(' | ').length]).toEqual([key, most])
  })
})

it('has every text that the screens ask for', () => {
  const asked = Object.values(sources).flatMap((text) => [...text.matchAll(/\bt\('([a-z_.]+)'/g)].map((match) => match[1]))
  expect(asked.filter((key) => !english.has(key ?? ''))).toEqual([])
})

it('counts the Russian way', async () => {
  await speak('ru')
  const said = [1, 2, 5, 11, 21, 22].map((n) => i18n.global.t('customer.calls', n))
  expect(said).toEqual(['1 звонок', '2 звонка', '5 звонков', '11 звонков', '21 звонок', '22 звонка'])
  expect(languages).toContain('ru')
})
