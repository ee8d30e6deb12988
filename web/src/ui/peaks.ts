const LONGEST_S = 600
const BARS = 600
const FLAT: number[][] = [Array.from({ length: BARS }, () => 0.15)]

/** The outline of a recording. A long one is played from ranges and shown flat rather than fetched whole. */
export async function peaksOf(url: string, seconds: number): Promise<number[][]> {
  if (seconds > LONGEST_S) return FLAT
  try {
    const bytes = await (await fetch(url)).arrayBuffer()
    const audio = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(bytes)
    return Array.from({ length: audio.numberOfChannels }, (_, channel) => outline(audio.getChannelData(channel)))
  } catch {
    return FLAT
  }
}

export function outline(samples: Float32Array, bars = BARS): number[] {
  const size = Math.max(1, Math.floor(samples.length / bars))
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, bar) =>
    samples.subarray(bar * size, (bar + 1) * size).reduce((top, sample) => Math.max(top, Math.abs(sample)), 0),
  )
}
