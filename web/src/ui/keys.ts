import { onBeforeUnmount, onMounted } from 'vue'
import { typing } from '@/live/opener'

type Run = (event: KeyboardEvent) => unknown

/** "alt+a" for a pressed key. By its place on the board, so that a Cyrillic layout reaches the same keys. */
export function combo(event: KeyboardEvent): string {
  const place = /^Key([A-Z])$/.exec(event.code)?.[1] ?? /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1]
  const modified = event.altKey || event.ctrlKey || event.metaKey
  const key = place && (modified || /^\d$/.test(place)) && !(event.shiftKey && !modified) ? place : event.key
  // Shift with a digit by its place, as layouts differ; where Shift is what makes the digit, it is the digit.
  if (event.shiftKey && !modified && place && /^[1-5]$/.test(place) && !/^\d$/.test(event.key)) return `shift+${place}`
  const prefix = `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.altKey ? 'alt+' : ''}`
  return prefix + key.toLowerCase()
}

/** Keys of a mounted part. A plain key never fires while something is being typed; false lets the key pass on. */
export function useKeys(keys: Record<string, Run>): void {
  function pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return
    const name = combo(event)
    const run = keys[name]
    const plain = !/(?:ctrl|alt)\+/.test(name)
    if (!run || (plain && (typing() || document.querySelector('.q-dialog')))) return
    if (run(event) !== false) event.preventDefault()
  }
  onMounted(() => window.addEventListener('keydown', pressed))
  onBeforeUnmount(() => window.removeEventListener('keydown', pressed))
}

/** j/k and arrows move through the rows of a list; Enter is the link's own business. */
export function moveThrough(list: HTMLElement | null | undefined, step: 1 | -1): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
  const at = rows.findIndex((row) => row === document.activeElement)
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus()
}
