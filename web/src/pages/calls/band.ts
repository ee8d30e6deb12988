import type { Call, Segment } from '@/api/types'

export interface Stretch {
  kind: 'queue' | 'ring' | 'talk' | 'gap'
  from: number
  to: number
  label: string
}

export interface Lane {
  name: string
  stretches: Stretch[]
}

/** The conversation as lanes over one span of time: the queues, then each agent's rings and talk. */
export function lanes(call: Call, now: number, who: (segment: Segment) => string): { from: number; to: number; lanes: Lane[] } {
  const from = Date.parse(call.started_at)
  const to = Math.max(from + 1000, call.ended_at ? Date.parse(call.ended_at) : now)
  const stretch = (kind: Stretch['kind'], start: string, end: string | null, label: string): Stretch => ({
    kind, label, from: Math.max(from, Date.parse(start)), to: Math.min(to, end ? Date.parse(end) : to),
  })
  const queued = call.queues.map((visit) => ({
    name: visit.queue, stretches: [stretch('queue', visit.joined_at, visit.left_at, visit.queue)],
  }))
  const talked = call.segments.map((segment) => ({
    name: who(segment),
    stretches: [
      ...segment.offers.map((offer) => stretch('ring', offer.offered_at, offer.ended_at, offer.device)),
      ...(segment.answered_at ? [stretch('talk', segment.answered_at, segment.ended_at, segment.device)] : []),
    ],
  }))
  const gaps = call.gaps.length
    ? [{ name: '', stretches: call.gaps.map((gap) => stretch('gap', gap.from, gap.to, gap.cause)) }]
    : []
  return { from, to, lanes: [...queued, ...talked, ...gaps] }
}

/** Four to six round marks, so that the eye can read lengths. */
export function marks(span: number): number[] {
  const step = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((seconds) => span / 1000 / seconds <= 6) ?? 7200
  return Array.from({ length: Math.floor(span / 1000 / step) + 1 }, (_, n) => n * step * 1000)
}
