import { computed, readonly, shallowRef } from 'vue'
import { http } from '@/api/client'
import type { Click } from '@/api/types'

/** What a click calls: the number, else the task's, else the first one on the card. */
export interface Whom {
  number?: string
  task_id?: string
  customer_id?: string
  /** Though the customer is not to be called. */
  all_the_same?: boolean
}

/** As much of a click as a screen shows; the socket tells it in the same words. */
export type ClickShown = Pick<Click, 'state' | 'reason' | 'number_display' | 'task_id'> & { id: string }

const OVER: readonly Click['state'][] = ['ended', 'failed']
const click = shallowRef<ClickShown>()
const asking = shallowRef(false)
const dismissed = new Set<string>()

export function clickTold(told: ClickShown): void {
  if (!dismissed.has(told.id)) click.value = told
}

/** After a reload the screen goes on where the call is; what failed long ago is no news. */
export async function recallClick(): Promise<void> {
  const { dial } = await http.get<{ dial: Click | null }>('/me/dial')
  click.value = dial && !OVER.includes(dial.state) ? dial : undefined
}

async function call(whom: Whom): Promise<void> {
  if (asking.value) return
  asking.value = true
  try {
    clickTold(await http.post<Click>('/calls', whom))
  } finally {
    asking.value = false
  }
}

export function useClicks() {
  return {
    click: readonly(click),
    busy: computed(() => asking.value || Boolean(click.value && !OVER.includes(click.value.state))),
    call,
    dismiss: () => {
      if (click.value) dismissed.add(click.value.id)
      click.value = undefined
    },
  }
}
