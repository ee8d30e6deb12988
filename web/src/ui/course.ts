import type { CoursePiece } from '@/api/generated'
import type { Stretch } from '@/entities/recordings'
import type { Peaks } from './peaks'

/** Several recordings of a call on one line of time: `seconds` from `at_s` on are a recording's from `start_s` on. */
export type Piece = CoursePiece
export interface Spot {
  recording: string
  second: number
}
const MOST_BARS = 3000

export const alone = (recording: string, seconds: number): Piece[] => [{ recording_id: recording, at_s: 0, start_s: 0, seconds }]
export const recordingsOf = (pieces: readonly Piece[]): string[] => [...new Set(pieces.map((piece) => piece.recording_id))]
const endOf = (piece: Piece) => piece.at_s + piece.seconds

/** The piece that is heard at a moment; in a gap the next one, behind the end the last. */
export function pieceAt(pieces: readonly Piece[], at: number): number {
  const found = pieces.findIndex((piece) => at < endOf(piece))
  return found < 0 ? pieces.length - 1 : found
}

/** Which second of which recording is heard at a moment. */
export function spotAt(pieces: readonly Piece[], at: number): Spot | undefined {
  const piece = pieces[pieceAt(pieces, at)]
  return piece && { recording: piece.recording_id, second: piece.start_s + Math.min(piece.seconds, Math.max(0, at - piece.at_s)) }
}

/** When in the call a second of a recording is; of one that is not heard because another was recorded then, too, that moment. */
export function momentOf(pieces: readonly Piece[], { recording, second }: Spot): number {
  const own = pieces.filter((piece) => piece.recording_id === recording)
  const piece = own.findLast((one) => one.start_s <= second) ?? own[0]
  return piece ? Math.max(0, piece.at_s + second - piece.start_s) : 0
}

/** What lies between the pieces. */
export function gapsIn(pieces: readonly Piece[], seconds: number): Stretch[] {
  const ends = [0, ...pieces.map(endOf)]
  const starts = [...pieces.map((piece) => piece.at_s), seconds]
  return starts.map((start, n): Stretch => [ends[n] ?? 0, start]).filter(([from, to]) => to - from > 0.5)
}

/** Stretches of a recording as stretches of the call. */
export function onCourse(pieces: readonly Piece[], recording: string, stretches: readonly (readonly number[])[]): Stretch[] {
  return pieces
    .filter((piece) => piece.recording_id === recording)
    .flatMap((piece) =>
      stretches.map(([from = 0, to = 0]): Stretch => [
        piece.at_s + Math.max(0, from - piece.start_s), piece.at_s + Math.min(piece.seconds, to - piece.start_s),
      ]),
    )
    .filter(([from, to]) => to > from)
}

/** Stretches of the call as stretches of each recording. */
export function byRecording(pieces: readonly Piece[], stretches: readonly Stretch[]): Map<string, Stretch[]> {
  const found = new Map<string, Stretch[]>()
  for (const piece of pieces)
    for (const [from, to] of stretches) {
      const [start, end] = [Math.max(from, piece.at_s), Math.min(to, endOf(piece))]
      const second = (at: number) => at - piece.at_s + piece.start_s
      if (end > start) found.set(piece.recording_id, [...(found.get(piece.recording_id) ?? []), [second(start), second(end)]])
    }
  return found
}

/** One waveform of all; where nothing was recorded it is flat. A recording of one channel is drawn in both. */
export function laid(pieces: readonly Piece[], seconds: number, known: ReadonlyMap<string, Peaks>): Peaks {
  const channels = Math.max(1, ...[...known.values()].map((one) => one.peaks.length))
  const bar_s = Math.max(seconds / MOST_BARS, ...[...known.values()].map((one) => one.bar_s))
  const peaks = Array.from({ length: channels }, () => new Array<number>(Math.ceil(seconds / bar_s)).fill(0))
  for (const piece of pieces) {
    const own = known.get(piece.recording_id)
    if (own) peaks.forEach((bars, channel) => draw(bars, bar_s, piece, { bar_s: own.bar_s, bars: own.peaks[channel] ?? own.peaks[0] ?? [] }))
  }
  return { bar_s, peaks }
}

function draw(onto: number[], bar_s: number, piece: Piece, from: { bar_s: number; bars: number[] }): void {
  const last = Math.floor((piece.start_s + piece.seconds) / from.bar_s)
  for (let n = Math.floor(piece.start_s / from.bar_s); n <= last; n += 1) {
    const bar = Math.floor((piece.at_s + n * from.bar_s - piece.start_s) / bar_s)
    if (bar >= 0 && bar < onto.length) onto[bar] = Math.max(onto[bar] ?? 0, from.bars[n] ?? 0)
  }
}
