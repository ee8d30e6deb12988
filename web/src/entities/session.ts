import { computed, ref } from 'vue'
import { http } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Extensions, FreeDesk, Me } from '@/api/types'

const me = ref<Me>()
let asked = false

export function useSession() {
  return {
    me,
    myPhone: computed(() => (me.value?.extension == null ? undefined : { pbx: me.value.pbx ?? '', number: me.value.extension, twin: me.value.twin })),
    supervises: computed(() => me.value?.role === 'supervisor' || me.value?.role === 'admin'),
    administers: computed(() => me.value?.role === 'admin'),
  }
}

/** Who is signed in; undefined when nobody is. Asked once a page load. */
export async function loadMe(): Promise<Me | undefined> {
  if (asked) return me.value
  try {
    me.value = await http.get<Me>('/me')
  } catch (error) {
    if (asProblem(error).status !== 401) throw error
  }
  asked = true
  return me.value
}

export async function signIn(username: string, password: string): Promise<Me> {
  me.value = await http.post<Me>('/session', { username, password })
  asked = true
  return me.value
}

/** Who one is by now: what was due may be done. */
export async function reloadMe(): Promise<Me> {
  const now = await http.get<Me>('/me')
  me.value = now
  return now
}

export async function signOut(): Promise<void> {
  await http.delete('/session')
  forget()
}

export function forget(): void {
  me.value = undefined
  asked = true
}

/** A phone as people tell it from others: its PBX is named only where another one has the same number. */
export const phoneName = ({ pbx, number, twin }: FreeDesk): string => (twin ? `${number} · ${pbx}` : number)

export async function chooseExtension(desk: FreeDesk | null, take_over = false): Promise<void> {
  me.value = await http.put<Me>('/me/extension', { extension: desk?.number ?? null, pbx: desk?.pbx ?? '', take_over })
}

/** Phones at which somebody sits, and who. */
export async function takenExtensions(): Promise<(FreeDesk & { name: string })[]> {
  const { items } = await http.get<Extensions>('/extensions')
  const twin = (one: { number: string }) => items.filter((other) => other.number === one.number && other.devices.length).length > 1
  return items.flatMap((one) => (one.agent ? [{ pbx: one.pbx, number: one.number, twin: twin(one), name: one.agent.display_name }] : []))
}

export async function chooseLanguage(language: string): Promise<void> {
  if (me.value) me.value = await http.patch<Me>('/me', { language })
}
