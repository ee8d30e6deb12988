import { ref } from 'vue'

/** Of several tabs one rings. Without Web Locks (plain http) the tab that is looked at does. */
const holds = ref(false)
let release: (() => void) | undefined

export function leads(): boolean {
  return 'locks' in navigator ? holds.value : document.visibilityState === 'visible'
}

export function standForLeader(): void {
  if (!('locks' in navigator) || release) return
  const until = new Promise<void>((resolve) => (release = resolve))
  void navigator.locks.request('callcenter-rings', () => {
    holds.value = true
    return until
  })
}

export function stepDown(): void {
  release?.()
  release = undefined
  holds.value = false
}
