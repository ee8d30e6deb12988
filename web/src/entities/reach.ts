import { http } from '@/api/client'
import type { Customer, WayKind } from '@/api/types'

/** How a customer is reached: a telephone number, or a way beside the telephone. */
export type ReachKind = 'phone' | WayKind
export const KINDS = ['phone', 'email', 'messenger', 'site', 'address'] as const satisfies readonly ReachKind[]
/** Messengers under the names they bear in every language; `other` has none of its own. */
export const SERVICES: Record<string, string> = {
  whatsapp: 'WhatsApp', telegram: 'Telegram', viber: 'Viber', signal: 'Signal', max: 'MAX', vk: 'VK', instagram: 'Instagram', facebook: 'Facebook Messenger', wechat: 'WeChat', other: '',
}
/** What is typed looks so. */
export const EXAMPLES: Partial<Record<ReachKind, string>> = { email: 'name@example.com', site: 'example.com' }

export interface Reach {
  id: string
  kind: ReachKind
  service: string
  /** What is sent when it is put back. */
  raw: string
  shown: string
  link: string
  label: string
  note: string
  is_primary: boolean
  shared: boolean
  bad_since: string | null
}

/** What is known of one, as a form holds it. */
export interface Known {
  label: string
  note: string
  is_primary: boolean
  shared: boolean
  bad_since: string | null
}

export interface NewReach extends Known {
  kind: ReachKind
  service: string
  value: string
}

export function reachesOf(customer: Customer): Reach[] {
  const numbers = customer.numbers.map(({ e164, display, ...one }) => ({ ...one, kind: 'phone' as const, service: '', shown: display, link: e164 ?? one.raw }))
  return [...numbers, ...customer.ways.map(({ value, ...one }) => ({ ...one, raw: value, shown: value }))]
}

/** What kind a text that is being typed or pasted most likely is. */
export function guess(text: string): ReachKind | undefined {
  const plain = text.trim()
  if (/^\S+@\S+\.\S+$/.test(plain)) return 'email'
  if (/^(https?:\/\/)?(wa\.me|t\.me|m\.me|vk\.com|instagram\.com)\//i.test(plain) || /^@\w+$/.test(plain)) return 'messenger'
  if (/^(https?:\/\/|www\.)\S+$/i.test(plain)) return 'site'
  return /^\+?[\d\s().-]{5,}$/.test(plain) ? 'phone' : undefined
}

/** The messenger that a pasted link is of. */
export function serviceOf(text: string): string | undefined {
  const hosts: Record<string, string> = { 'wa.me': 'whatsapp', 't.me': 'telegram', 'm.me': 'facebook', 'vk.com': 'vk', 'instagram.com': 'instagram' }
  const host = /^(?:https?:\/\/)?(?:www\.)?([a-z.]+)\//i.exec(text.trim())?.[1]?.toLowerCase() ?? ''
  return hosts[host]
}

/** The main one of a kind becomes another only by making that one the main one: `false` is never sent. */
const told = ({ label, note, shared, bad_since, is_primary }: Known) => ({ label, note, shared, bad_since, ...(is_primary ? { is_primary: true as const } : {}) })
const place = (card: string, kind: ReachKind) => `/customers/${card}/${kind === 'phone' ? 'numbers' : 'ways'}`

export function addReach(card: string, { kind, service, value, ...known }: NewReach): Promise<{ also_on?: string[] }> {
  const what = kind === 'phone' ? { raw: value } : { kind, value, ...(kind === 'messenger' ? { service } : {}) }
  return http.post(place(card, kind), { ...what, ...told(known) })
}

export function changeReach(card: string, one: Reach, known: Known, value?: string): Promise<Customer> {
  return http.patch<Customer>(`${place(card, one.kind)}/${one.id}`, { ...told(known), ...(value === undefined ? {} : { value }) })
}

export const removeReach = (card: string, one: Reach) => http.delete(`${place(card, one.kind)}/${one.id}`)

export const putBack = (card: string, { raw, ...one }: Reach) => addReach(card, { ...one, value: raw })
