import { expect, it } from 'vitest'
import type { Outcome } from '@/api/types'
import { depth, type Move, placeOf } from './codeMoves'

const code = (id: string, parent_id: string | null = null, group = false) => ({ id, parent_id, group }) as Outcome
const TREE = [code('a'), code('g', null, true), code('x', 'g'), code('y', 'g'), code('b'), code('c')]
const moved = (id: string, move: Move) => {
  const one = TREE.find((outcome) => outcome.id === id)
  return one && placeOf(TREE, one, move)
}

it('moves a code among its brothers, into the group before it and out beside its own', () => {
  expect(moved('g', 'up')).toEqual({ parent_id: null, before_id: 'a' })
  expect(moved('x', 'down')).toEqual({ parent_id: 'g', before_id: null })
  expect(moved('a', 'down')).toEqual({ parent_id: null, before_id: 'b' })
  expect(moved('b', 'in')).toEqual({ parent_id: 'g', before_id: null })
  expect(moved('y', 'out')).toEqual({ parent_id: null, before_id: 'b' })
  expect(depth(TREE, TREE[2] as Outcome)).toBe(1)
})

it('goes nowhere at an end, into no code that is not a group, and out of the root', () => {
  expect([moved('a', 'up'), moved('c', 'down'), moved('c', 'in'), moved('a', 'in'), moved('a', 'out')]).toEqual(Array(5).fill(undefined))
})
