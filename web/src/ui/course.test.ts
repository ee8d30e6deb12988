import { describe, expect, it } from 'vitest'
import { byRecording, gapsIn, laid, momentOf, onCourse, pieceAt, spotAt, type Piece } from './course'

const PIECES: Piece[] = [
  { recording_id: 'a', at_s: 5, start_s: 0, seconds: 20 },
  { recording_id: 'b', at_s: 25, start_s: 5, seconds: 10 },
  { recording_id: 'c', at_s: 50, start_s: 0, seconds: 10 },
]

describe('the recordings of a call on one line', () => {
  it('say which second of which is heard, and go on with the next where none is', () => {
    expect(spotAt(PIECES, 10)).toEqual({ recording: 'a', second: 5 })
    expect(spotAt(PIECES, 26)).toEqual({ recording: 'b', second: 6 })
    expect(spotAt(PIECES, 40)).toEqual({ recording: 'c', second: 0 })
    expect(spotAt(PIECES, 99)).toEqual({ recording: 'c', second: 10 })
    expect(pieceAt(PIECES, 0)).toBe(0)
  })

  it('bring a word of one to its moment in the call', () => {
    expect(momentOf(PIECES, { recording: 'b', second: 7 })).toBe(27)
    expect(momentOf(PIECES, { recording: 'b', second: 2 })).toBe(22)
    expect(momentOf(PIECES, { recording: 'c', second: 3 })).toBe(53)
  })

  it('leave gaps where nothing was recorded', () => {
    expect(gapsIn(PIECES, 60)).toEqual([[0, 5], [35, 50]])
  })

  it('split what was heard by recording, and what is silent the other way round', () => {
    expect([...byRecording(PIECES, [[20, 30], [45, 52]])]).toEqual([['a', [[15, 20]]], ['b', [[5, 10]]], ['c', [[0, 2]]]])
    expect(onCourse(PIECES, 'b', [[0, 7], [12, 40]])).toEqual([[25, 27], [32, 35]])
  })

  it('are drawn as one waveform', () => {
    const known = new Map([['a', { bar_s: 5, peaks: [[1, 2, 3, 4], [9, 9, 9, 9]] }], ['c', { bar_s: 5, peaks: [[7, 8]] }]])
    expect(laid(PIECES, 60, known)).toEqual({
      bar_s: 5, peaks: [[0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 7, 8], [0, 9, 9, 9, 9, 0, 0, 0, 0, 0, 7, 8]],
    })
  })
})
