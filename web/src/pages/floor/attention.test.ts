import { expect, it } from 'vitest'
import type { Desk } from '@/api/types'
import { percent } from '@/ui/percent'
import { byAttention } from './attention'

function desk(name: string, of: Partial<Desk['presence']>, owedSince?: string): Desk {
  const call = { segment_id: name, call_id: name, phase: 'wrapup' as const, since: owedSince ?? '', who: '', queue: '' }
  return {
    me: { id: name, username: name, display_name: name, extension: '101', pbx: 'main' },
    presence: { state: 'available', since: '2026-11-24T09:00:00Z', reasons: [], debts: 0, why: [], missed: 0, reachable: true, ...of },
    calls: owedSince ? [call] : [],
  }
}

it('puts first who needs a supervisor', () => {
  const desks = [
    desk('free', {}),
    desk('owes-new', { state: 'wrapup' }, '2026-11-24T09:20:00Z'),
    desk('gone', { state: 'offline' }),
    desk('talks', { state: 'talking' }),
    desk('dead', { state: 'unreachable' }),
    desk('owes-old', { state: 'wrapup' }, '2026-11-24T09:10:00Z'),
    desk('missed', { state: 'paused', why: [{ kind: 'missed', ref: 'x', since: '' }] }),
  ]
  const order = desks.sort(byAttention(Date.parse('2026-11-24T09:21:00Z'))).map((d) => d.me.display_name)
  expect(order).toEqual(['missed', 'owes-old', 'owes-new', 'dead', 'talks', 'free', 'gone'])
})

it('puts a debt of more than a quarter of an hour before everything', () => {
  const desks = [desk('missed', { state: 'paused', why: [{ kind: 'missed', ref: 'x', since: '' }] }), desk('owes', {}, '2026-11-24T09:20:00Z'), desk('forgot', {}, '2026-11-24T09:10:00Z')]
  expect(desks.sort(byAttention(Date.parse('2026-11-24T09:25:01Z'))).map((d) => d.me.display_name)).toEqual(['forgot', 'missed', 'owes'])
})

it('says nothing of a day on which nobody came', () => {
  expect(percent(null, 'en')).toBe('–')
  expect(percent(0.824, 'en')).toBe('82%')
})
