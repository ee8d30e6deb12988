import { computed, ref } from 'vue'
import { http } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Extensions, Me } from '@/api/types'

const me = ref<Me>()
let asked = false

export function useSession() {
  return {
    me,
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

export async function chooseExtension(extension: string | null, take_over = false): Promise<void> {
  me.value = await http.put<Me>('/me/extension', { extension, take_over })
}

/** Phones at which somebody sits, and who. */
export async function takenExtensions(): Promise<{ number: string; name: string }[]> {
  const { items } = await http.get<Extensions>('/extensions')
  return items.flatMap(({ number, agent }) => (agent ? [{ number, name: agent.display_name }] : []))
}

export async function chooseLanguage(language: string): Promise<void> {
  if (me.value) me.value = await http.patch<Me>('/me', { language })
}
