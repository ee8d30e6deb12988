import { expect, it } from 'vitest'
import type { Call, Segment } from '@/api/types'
import { lanes, marks } from './band'

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString()
const who = (segment: Segment) => segment.agent?.display_name ?? segment.device
const call = {
  started_at: at(0), ended_at: at(50), gaps: [],
  queues: [{ queue: 'sales', joined_at: at(2), left_at: at(12), result: 'answered' }],
  segments: [{
    agent: { display_name: 'Anna', username: 'anna', id: '1' }, device: 'PJSIP/anna', answered_at: at(12), ended_at: at(50),
    offers: [{ device: 'PJSIP/anna', offered_at: at(5), ended_at: at(12), result: 'answered' }],
  }],
} as unknown as Call

it('shows who did what when', () => {
  const band = lanes(call, Date.parse(at(60)), who)
  const seen = band.lanes.map((lane) => [lane.name, ...lane.stretches.map((s) => `${s.kind} ${(s.from - band.from) / 1000}-${(s.to - band.from) / 1000}`)])
  expect(seen).toEqual([['sales', 'queue 2-12'], ['Anna', 'ring 5-12', 'talk 12-50']])
})

it('runs up to now while the call does', () => {
  expect(lanes({ ...call, ended_at: null }, Date.parse(at(55)), who).to).toBe(Date.parse(at(55)))
})

it('marks a call in round steps', () => {
  expect(marks(50_000)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000])
})
