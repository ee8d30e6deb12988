import type { Pop } from '@/api/types'

const KEEP_MS = 60_000

interface Desk {
  open: (pop: Pop) => void
  /** A field is being typed in, or another call has the desk: the pop waits beside. */
  busy: () => boolean
}

/** Only a visible tab opens a pop; a hidden one keeps the newest for a minute. */
export function popOpener({ open, busy }: Desk, keepMs = KEEP_MS) {
  let held: { pop: Pop; until: number } | undefined

  function whenVisible(): void {
    if (document.visibilityState !== 'visible' || !held) return
    if (Date.now() < held.until && !busy()) open(held.pop)
    held = undefined
  }

  document.addEventListener('visibilitychange', whenVisible)
  return {
    offer(pop: Pop): void {
      if (document.visibilityState !== 'visible') held = { pop, until: Date.now() + keepMs }
      else if (!busy()) open(pop)
    },
    withdraw(id: string): void {
      if (held?.pop.id === id) held = undefined
    },
    stop: () => document.removeEventListener('visibilitychange', whenVisible),
  }
}

/** Whether the person is writing something right now. */
export function typing(element: Element | null = document.activeElement): boolean {
  if (!element) return false
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true
  if (element instanceof HTMLInputElement) return !['radio', 'checkbox', 'button', 'submit', 'range'].includes(element.type)
  return element instanceof HTMLElement && element.isContentEditable
}
