import { describe, expect, it } from 'vitest'
import { firstOwed, fold, logged, NOTHING, owed, type Live, type Message } from './fold'
import { aBoard, aPop } from './samples'

function after(...messages: Message[]): Live {
  return messages.reduce(fold, NOTHING)
}

const snapshot: Message = { type: 'snapshot', seq: 0, board: aBoard() }
const offered = (seq: number, id: string): Message => ({ type: 'change', seq, change: 'pop_offered', pop: aPop({ id }) })

describe('the board', () => {
  it('is what the snapshot says', () => {
    expect(after(snapshot).board).toEqual(aBoard())
  })

  it('shows an offered call once, however often it is said', () => {
    expect(after(snapshot, offered(1, 'a'), offered(2, 'a')).board?.pops.map((p) => p.id)).toEqual(['a'])
  })

  it('keeps the place of a call that changes', () => {
    const talking: Message = { type: 'change', seq: 3, change: 'pop_updated', pop: aPop({ id: 'a', phase: 'talking' }) }
    const live = after(snapshot, offered(1, 'a'), offered(2, 'b'), talking)
    expect(live.board?.pops.map((p) => `${p.id} ${p.phase}`)).toEqual(['a talking', 'b ringing'])
  })

  it('drops a call that rings elsewhere now', () => {
    const gone: Message = { type: 'change', seq: 2, change: 'pop_withdrawn', pop_id: 'a', reason: 'no_answer', by: null }
    expect(after(snapshot, offered(1, 'a'), gone).board?.pops).toEqual([])
  })

  it('notices a gap and trusts nothing until the next snapshot', () => {
    const live = after(snapshot, offered(2, 'a'))
    expect(live).toMatchObject({ gap: true, seq: 0 })
    expect(fold(live, offered(1, 'b')).gap).toBe(true)
    expect(fold(live, snapshot).gap).toBe(false)
  })

  it('asks for the board when a change comes before any', () => {
    expect(after(offered(1, 'a')).gap).toBe(true)
  })

  it('ignores news it does not know, and stays in step', () => {
    const news = { type: 'change', seq: 1, change: 'weather' } as unknown as Message
    expect(after(snapshot, news)).toMatchObject({ seq: 1, gap: false })
  })
})

describe('what is owed', () => {
  const over = (seq: number, id: string, ended_at: string): Message => ({
    type: 'change', seq, change: 'outcome_owed', pop: aPop({ id, ended_at }),
  })

  it('is every call that is over, the oldest first', () => {
    const live = after(snapshot, over(1, 'late', '2026-11-24T10:05:00Z'), over(2, 'early', '2026-11-24T10:01:00Z'))
    expect(owed(live.board).map((p) => p.id)).toEqual(['early', 'late'])
  })

  it('is settled oldest first, and a newer debt takes nobody from the one he settles', () => {
    const talking: Message = { type: 'change', seq: 1, change: 'pop_offered', pop: aPop({ id: 'new', phase: 'talking' }) }
    const one = after(snapshot, talking, over(2, 'old', '2026-11-24T10:01:00Z'))
    const both = fold(one, over(3, 'new', '2026-11-24T10:05:00Z'))
    expect(firstOwed(one.board, both.board, 'new')?.id).toBe('old')
    expect(firstOwed(one.board, both.board, undefined)?.id).toBe('old')
    const three = fold(both, over(4, 'newest', '2026-11-24T10:06:00Z'))
    expect(firstOwed(both.board, three.board, 'new')?.id).toBe('new')
  })

  it('is gone once it is settled', () => {
    const settled: Message = { type: 'change', seq: 2, change: 'outcome_settled', pop_id: 'a' }
    expect(owed(after(snapshot, over(1, 'a', '2026-11-24T10:01:00Z'), settled).board)).toEqual([])
  })

  it('leaves a call that still talks on the board when its outcome is logged early', () => {
    const talking: Message = { type: 'change', seq: 1, change: 'pop_offered', pop: aPop({ id: 'a', phase: 'talking' }) }
    expect(logged(after(snapshot, talking), 'a').board?.pops[0]).toMatchObject({ phase: 'talking', outcome_state: 'logged' })
  })
})
