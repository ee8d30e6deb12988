/** The waveform of a recording: a list a channel of 0 to 255, each the loudest of `bar_s` seconds. */
export interface Peaks {
  bar_s: number
  peaks: number[][]
}

const LOUDEST = 255
const SOUND = 6
const LONG_S = 1.5
const BEFORE_S = 0.3

/** What a player draws where the server could not measure. */
export const FLAT: number[][] = [Array.from({ length: 600 }, () => 0.15)]

export const drawn = (found: Peaks): number[][] => found.peaks.map((bars) => bars.map((bar) => bar / LOUDEST))

/** Where to go on from `at`: a little before the next sound, when nobody makes one for long; else `at` itself. */
export function pastSilence({ peaks, bar_s }: Peaks, at: number): number {
  const start = Math.floor(at / bar_s)
  const bars = peaks[0]?.length ?? 0
  let next = start
  while (next < bars && peaks.every((channel) => (channel[next] ?? 0) < SOUND)) next += 1
  return (next - start) * bar_s > LONG_S ? Math.max(at, next * bar_s - BEFORE_S) : at
}
