import { describe, expect, it } from 'vitest'
import type { Examination, Finding } from '@/api/types'
import { worstFirst } from './house'

const remedy = { file: '', lines: [], commands: [], advice: '' }
const finding = (code: string, severity: Finding['severity']): Finding => ({ code, severity, thing: '', what: '', why: '', values: {}, remedy })
const check = (code: string, findings: Finding[], unseen: string[] = []) => ({
  code, group: 'queues' as const, state: 'wrong' as const, findings, unseen: unseen.map((thing) => ({ code: 'permission', thing, why: '', remedy })),
})

describe('what the doctor says', () => {
  it('comes with the worst first, each with the check it came from', () => {
    const report: Examination = {
      pbx: 'main', at: '', linked: true, version: '', state: 'wrong',
      checks: [check('a', [finding('good_to_know', 'note')], ['queues.conf']), check('b', [finding('better', 'warning'), finding('bad', 'fault')])],
    }
    expect(worstFirst(report).map((told) => `${told.check} ${told.finding?.code ?? told.unseen?.thing}`)).toEqual(['b bad', 'b better', 'a queues.conf', 'a good_to_know'])
  })
})
