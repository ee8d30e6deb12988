import { expect, it } from 'vitest'
import type { Rule } from '@/entities/routing'
import { asked, draftOf, rulesOf, same } from './draft'

const rule: Rule = { pbx: 'main', queue: 'sales', ...draftOf(), vip: 10, statuses: [{ status: 'hot', priority: 5 }] }
const row = { key: 'main/sales', pbx: 'main', queue: 'sales', name: 'Sales' }

it('sends what was read, and no queue that nothing is asked for', () => {
  expect(rulesOf([{ ...row, draft: draftOf(rule) }, { ...row, key: 'main/support', queue: 'support', draft: draftOf() }])).toEqual([rule])
})

it('takes an emptied priority for none', () => {
  const emptied = { ...draftOf(rule), vip: '' as unknown as number, statuses: [{ status: 'hot', priority: '' as unknown as number }] }
  expect(same(emptied, draftOf())).toBe(true)
})

it('does not write into what was read', () => {
  const draft = draftOf(rule)
  draft.statuses.push({ status: 'cold', priority: 1 })
  expect(rule.statuses).toHaveLength(1)
})

it('names what a queue uses', () => {
  expect(asked(draftOf())).toEqual([])
  expect(asked({ ...draftOf(rule), owner: true, calendar: 'id' })).toEqual(['hours', 'people', 'ahead'])
})
