import type { Board, Pop } from '@/api/types'

/** Values for tests; each names only what the test is about. */
export function aPop(of: Partial<Pop> = {}): Pop {
  return {
    id: 'pop-1', call_id: 'call-1', phase: 'ringing', direction: 'inbound', via: 'queue',
    offered_at: '2026-11-24T10:00:00Z', answered_at: null, ended_at: null, waiting_since: null,
    number: '+390612345678', number_display: '+39 06 1234 5678', region: 'IT', local_time_zone: 'Europe/Rome',
    withheld: false, name: '', did_label: '', queue_label: '', did: '+39 02 555', queue: 'sales', customer: null, candidates: [],
    outcome_state: 'none', draft: { outcome: null, comment: '' }, test: false, recorded: false, paused_until: null, ...of,
  }
}

export function aBoard(of: Partial<Board> = {}): Board {
  return {
    me: { id: 'me', username: 'anna', display_name: 'Anna', extension: '201' },
    presence: { state: 'available', since: '2026-11-24T09:00:00Z', reasons: [], debts: 0 },
    pops: [], queues: [],
    health: { pbx: [], database: { ok: true, code: null }, speech: { ok: true, code: null } }, ...of,
  }
}
