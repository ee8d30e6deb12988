import { describe, expect, it } from 'vitest'
import type { Difference, Pbx } from '@/api/types'
import type { MapDocument } from '@/entities/pbx'
import { classify, keepDraft, keptDraft, names, newRule, takeOver, tidied, turned } from './draft'

const draft = (): MapDocument => ({
  map: [newRule('PJSIP/1*', 'device')],
  extensions: [{ number: '101', devices: ['PJSIP/101'], interfaces: ['PJSIP/101'] }],
  dids: [{ number: '+74951234567', label: 'Support line' }],
})
const difference = (of: Partial<Difference>): Difference => ({ what: 'new_channel', subject: '', kind: null, why: '', number: '', names: [], ...of })

describe('the draft of a map', () => {
  it('puts a rule for one channel before the pattern that would swallow it', () => {
    const map = draft()
    classify(map, 'PJSIP/115', 'service')
    classify(map, 'PJSIP/115', 'trunk')
    expect(map.map.map(({ pattern, kind }) => [pattern, kind])).toEqual([['PJSIP/115', 'trunk'], ['PJSIP/1*', 'device']])
  })

  it('moves a phone to the number the PBX rings it by', () => {
    const map = draft()
    takeOver(map, difference({ what: 'other_number', subject: 'PJSIP/101', number: '102' }))
    expect(map.extensions.map(({ number, devices }) => [number, devices])).toEqual([['101', []], ['102', ['PJSIP/101']]])
  })

  it('takes a new extension, interface and number over once', () => {
    const map = draft()
    takeOver(map, difference({ what: 'new_extension', subject: '115', names: ['PJSIP/115'] }))
    takeOver(map, difference({ what: 'new_interface', subject: 'Local/101@from-queue/n', number: '101' }))
    takeOver(map, difference({ what: 'new_did', subject: '74951234567' }))
    expect(map.extensions.at(-1)).toEqual({ number: '115', devices: ['PJSIP/115'], interfaces: [] })
    expect(map.extensions[0]?.interfaces).toEqual(['PJSIP/101', 'Local/101@from-queue/n'])
    expect(map.dids).toHaveLength(1)
  })

  it('forgets a phone that is gone, and the extension that nothing rings at any more', () => {
    const map = { ...draft(), extensions: [{ number: '101', devices: ['PJSIP/101'], interfaces: [] }] }
    takeOver(map, difference({ what: 'gone_channel', subject: 'PJSIP/101' }))
    expect(map.extensions).toEqual([])
  })

  it('saves nothing that was begun and left empty', () => {
    const map = draft()
    map.map.push(newRule())
    map.dids.push({ number: ' ', label: 'x' })
    map.extensions.push({ number: '', devices: [], interfaces: [] })
    expect(tidied(map)).toEqual(draft())
  })

  it('is there again after a reload, unless a colleague saved another map', () => {
    const pbx = { name: 'main', version: 3 } as Pbx
    keepDraft(pbx, 3, draft())
    expect(keptDraft(pbx)).toEqual(draft())
    expect(keptDraft({ ...pbx, version: 4 })).toBeUndefined()
    keepDraft(pbx, 3, undefined)
    expect(keptDraft(pbx)).toBeUndefined()
  })

  it('reads lists as people write them', () => {
    expect(names('PJSIP/101, PJSIP/99101\nPJSIP/101')).toEqual(['PJSIP/101', 'PJSIP/99101'])
  })

  it('shows what a number becomes', () => {
    const rules = [{ strip: '8495', add: '+7495', length: 0 }, { strip: '', add: '+7812', length: 7 }]
    expect(['8 (495) 123-45-67', '1234567', '112', 'anonymous'].map((number) => turned(number, rules))).toEqual([
      '+74951234567', '+78121234567', '112', 'anonymous',
    ])
  })
})
