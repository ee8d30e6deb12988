import { ref } from 'vue'
import { leads } from './leader'

/** The browser refuses sound until the person has clicked once; the bar then shows how to turn it on. */
export const soundBlocked = ref(false)

const PERIOD_MS = 2_400
let audio: AudioContext | undefined
let ringing: ReturnType<typeof setInterval> | undefined
let shown: Notification | undefined

export function allowSound(): void {
  try {
    audio ??= new AudioContext()
    void audio.resume().then(() => (soundBlocked.value = audio?.state !== 'running'))
  } catch {
    soundBlocked.value = true
  }
}

export function startRinging(title: string, body: string): void {
  if (!leads()) return
  if (!ringing) {
    chime()
    ringing = setInterval(chime, PERIOD_MS)
  }
  if (document.visibilityState === 'hidden') notify(title, body)
}

export function stopRinging(): void {
  clearInterval(ringing)
  ringing = undefined
  shown?.close()
  shown = undefined
}

export function mayNotify(): boolean {
  return 'Notification' in window && Notification.permission === 'granted'
}

export async function askToNotify(): Promise<boolean> {
  return 'Notification' in window && (await Notification.requestPermission()) === 'granted'
}

function notify(title: string, body: string): void {
  if (!mayNotify()) return
  shown?.close()
  shown = new Notification(title, { body, tag: 'callcenter-ring', icon: '/favicon.svg' })
  shown.onclick = () => window.focus()
}

/** Two soft tones: heard over a headset, not startling. */
function chime(): void {
  audio ??= new AudioContext()
  soundBlocked.value = audio.state !== 'running'
  if (soundBlocked.value) return
  tone(audio, 659, 0)
  tone(audio, 880, 0.18)
}

function tone(context: AudioContext, hertz: number, after: number): void {
  const start = context.currentTime + after
  const [oscillator, gain] = [context.createOscillator(), context.createGain()]
  oscillator.frequency.value = hertz
  gain.gain.setValueAtTime(0, start)
  gain.gain.linearRampToValueAtTime(0.16, start + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.7)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.75)
}
