import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { popOpener, typing } from './opener'
import { aPop } from './samples'

let visible = true
let opened: string[] = []
let busy = false
let opener: ReturnType<typeof popOpener>

function look(at: boolean) {
  visible = at
  document.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => (visible ? 'visible' : 'hidden'))
  ;[visible, busy, opened] = [true, false, []]
  opener = popOpener({ open: (pop) => opened.push(pop.id), busy: () => busy })
})
afterEach(() => {
  opener.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a pop', () => {
  it('opens at once where somebody looks', () => {
    opener.offer(aPop({ id: 'a' }))
    expect(opened).toEqual(['a'])
  })

  it('waits for the tab to be looked at, and only the newest opens', () => {
    look(false)
    opener.offer(aPop({ id: 'old' }))
    opener.offer(aPop({ id: 'new' }))
    look(true)
    expect(opened).toEqual(['new'])
  })

  it('is forgotten after a minute', () => {
    look(false)
    opener.offer(aPop())
    vi.advanceTimersByTime(60_001)
    look(true)
    expect(opened).toEqual([])
  })

  it('is forgotten when it rings elsewhere', () => {
    look(false)
    opener.offer(aPop({ id: 'a' }))
    opener.withdraw('a')
    look(true)
    expect(opened).toEqual([])
  })

  it('never takes the desk from somebody who is busy', () => {
    busy = true
    opener.offer(aPop())
    expect(opened).toEqual([])
  })
})

it('knows a field that is being typed in from a key that is merely focused', () => {
  const text = document.createElement('textarea')
  const key = Object.assign(document.createElement('input'), { type: 'radio' })
  expect([typing(text), typing(key), typing(document.body), typing(null)]).toEqual([true, false, false, false])
})
