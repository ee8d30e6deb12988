import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { onScopeDispose, reactive, shallowRef } from 'vue'
import { http } from '@/api/client'
import type { DisplayAnswer, Displays, NewDisplay, WallAlarm } from '@/api/generated'
import type { FloorLine } from '@/api/types'

export type Display = DisplayAnswer
export interface Wall {
  name: string
  now: string
  queues: FloorLine[]
  alarms: WallAlarm[]
}

export const useDisplays = () => useQuery({ queryKey: ['displays'], queryFn: () => http.get<Displays>('/displays').then((all) => all.items), refetchInterval: 15_000 })

/** Makes one, whose token is told only now, and revokes one. */
export function useDisplayMaking() {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['displays'] })
  return {
    make: useMutation({ mutationFn: (display: NewDisplay) => http.post<Display>('/displays', display), onSuccess }),
    revoke: useMutation({ mutationFn: (id: string) => http.delete(`/displays/${id}`), onSuccess }),
  }
}

const EVERY_MS = 1_000
const PATIENCE_MS = 5_000
const CLOSED_MS = 15_000
const CLOSED = 401

/** By the clock of this machine: that of a television is often wrong. */
function here(wall: Wall): Wall {
  const off = Date.now() - Date.parse(wall.now)
  const moved = (at: string | null) => (at === null ? null : new Date(Date.parse(at) + off).toISOString())
  return {
    ...wall,
    queues: wall.queues.map((line) => ({ ...line, longest_since: moved(line.longest_since) })),
    alarms: wall.alarms.map((one) => ({ ...one, since: moved(one.since), raised_at: moved(one.raised_at) ?? one.raised_at })),
  }
}

/** A wall that is asked for about once a second, by the token alone: nobody is signed in at it. */
export function useWall(token: string) {
  const wall = shallowRef<Wall>()
  const link = reactive({ state: 'connecting' as 'connecting' | 'live' | 'lost' | 'closed', since: Date.now() })
  let timer: ReturnType<typeof setTimeout> | undefined
  async function look(): Promise<void> {
    let wait = EVERY_MS
    try {
      const init: RequestInit = { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) }
      const answer = await fetch('/api/v1/display', init)
      if (answer.status === CLOSED) {
        ;[link.state, wall.value, wait] = ['closed', undefined, CLOSED_MS]
      } else if (answer.ok) {
        wall.value = here((await answer.json()) as Wall)
        Object.assign(link, { state: 'live', since: Date.now() })
      } else link.state = 'lost'
    } catch {
      link.state = 'lost'
    }
    timer = setTimeout(() => void look(), wait)
  }
  void look()
  onScopeDispose(() => clearTimeout(timer))
  return { wall, link }
}
