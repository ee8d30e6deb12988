import type { Difference, Did, MapRule, Pbx, Prefix, Station } from '@/api/types'
import type { MapDocument } from '@/entities/pbx'

type Kind = MapRule['kind']

/** The map as it stands, to be changed at leisure and saved whole. */
export function draftOf(pbx: Pbx): MapDocument {
  return JSON.parse(JSON.stringify({ map: pbx.map, extensions: pbx.extensions, dids: pbx.dids })) as MapDocument
}

const kept = (pbx: string) => `callcenter.map.${pbx}`

/** Keeps what is being written over a reload or a look at another page, as long as nobody saves another map meanwhile. */
export function keepDraft(pbx: Pbx, version: number, draft: MapDocument | undefined): void {
  if (draft) sessionStorage.setItem(kept(pbx.name), JSON.stringify({ version, draft }))
  else sessionStorage.removeItem(kept(pbx.name))
}

export function keptDraft(pbx: Pbx): MapDocument | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(kept(pbx.name)) ?? 'null') as { version: number; draft: MapDocument } | null
    return found?.version === pbx.version ? found.draft : undefined
  } catch {
    return undefined
  }
}

export const newRule = (pattern = '', kind: Kind = 'trunk'): MapRule => ({ pattern, kind, region: null, arriving: [], dialling: [] })

/** Names as people write them in one field: divided by commas, spaces or lines. */
export const names = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))]

/** What the server takes: trimmed, without the rows that were begun and left empty. */
export function tidied(draft: MapDocument): MapDocument {
  return {
    map: draft.map
      .map((rule) => ({ ...rule, pattern: rule.pattern.trim(), region: rule.region?.trim().toUpperCase() || null }))
      .filter((rule) => rule.pattern),
    extensions: draft.extensions
      .map((one) => ({ ...one, number: one.number.trim() }))
      .filter((one) => one.number || one.devices.length || one.interfaces.length),
    dids: draft.dids.map((did) => ({ number: did.number.trim(), label: did.label?.trim() ?? '' })).filter((did) => did.number),
  }
}

/** Says what a peer is: its own rule changes, else one is added, before any pattern that would swallow it. */
export function classify(draft: MapDocument, pattern: string, kind: Kind): void {
  const own = draft.map.find((rule) => rule.pattern === pattern)
  if (own) own.kind = kind
  else draft.map.unshift(newRule(pattern, kind))
}

function station(draft: MapDocument, number: string): Station {
  const known = draft.extensions.find((one) => one.number === number)
  if (known) return known
  draft.extensions.push({ number, devices: [], interfaces: [] })
  return draft.extensions.at(-1) as Station
}

function moveDevices(draft: MapDocument, devices: string[], number: string): void {
  for (const one of draft.extensions) one.devices = one.devices.filter((device) => !devices.includes(device))
  station(draft, number).devices.push(...devices)
}

/** A name of a peer as a pattern that fits it only. */
const literal = (name: string) => name.replace(/[*?[]/g, '[$&]')

/** Does what a difference between the PBX and its map suggests. */
export function takeOver(draft: MapDocument, { what, subject, kind, number, names: devices }: Difference): void {
  if ((what === 'new_channel' || what === 'other_kind') && kind) classify(draft, literal(subject), kind)
  else if (what === 'new_extension') moveDevices(draft, devices, subject)
  else if (what === 'new_device' || what === 'other_number') moveDevices(draft, [subject], number)
  else if (what === 'new_interface') station(draft, number).interfaces.push(subject)
  else if (what === 'new_did') addDid(draft, subject)
  else if (what === 'gone_channel') forget(draft, subject)
}

function addDid(draft: MapDocument, number: string): void {
  const same = (did: Did) => did.number.replace(/^\+/, '') === number.replace(/^\+/, '')
  if (!draft.dids.some(same)) draft.dids.push({ number, label: '' })
}

/** A peer that is gone: its own rule, and its place at an extension. */
function forget(draft: MapDocument, peer: string): void {
  draft.map = draft.map.filter((rule) => rule.pattern !== literal(peer))
  for (const one of draft.extensions) one.devices = one.devices.filter((device) => device !== peer)
  draft.extensions = draft.extensions.filter((one) => one.devices.length || one.interfaces.length)
}

/** What a number becomes: the same rule as the server's, to show it while it is typed. */
export function turned(number: string, prefixes: Prefix[]): string {
  const plain = number.trim().replace(/[\s().-]/g, '')
  if (!/^\+?\d+$/.test(plain)) return number
  const digits = plain.replace(/^\+/, '').length
  const rule = prefixes.find((one) => plain.startsWith(one.strip) && (!one.length || one.length === digits))
  return rule ? rule.add + plain.slice(rule.strip.length) : number
}
