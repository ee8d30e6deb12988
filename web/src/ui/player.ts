import { computed, onBeforeUnmount, onMounted, ref, watch, type Ref } from 'vue'
import WaveSurfer, { type WaveSurferOptions } from 'wavesurfer.js'
import { audioAddress, heldBack, tellHeard, usePeaks } from '@/entities/recordings'
import { alone, byRecording, laid, onCourse, recordingsOf, type Piece } from './course'
import { CourseMedia } from './courseMedia'
import { Heard } from './heard'
import { drawn, FLAT, pastSilence } from './peaks'

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]
const TELL_MS = 30_000
const HEIGHT = 48

interface Sound {
  recording: string
  seconds: number
  autoplay?: boolean | undefined
  /** Where it is of several recordings. */
  pieces?: readonly Piece[] | undefined
}

/** Two voices are drawn apart: the customer's above, the agents' below. */
function look(band: HTMLElement, peaks: number[][]): Partial<WaveSurferOptions> {
  const paint = getComputedStyle(band)
  const colour = (name: string) => paint.getPropertyValue(name)
  const voice = { waveColor: colour('--line-strong'), progressColor: colour('--accent'), height: HEIGHT / peaks.length }
  const voices = peaks.length === 2 ? { splitChannels: [voice, { ...voice, progressColor: colour('--good') }] } : {}
  return { barWidth: 2, barGap: 1, barRadius: 2, normalize: true, cursorColor: colour('--ink'), peaks, ...voice, ...voices }
}

/** The outline of one recording, or of several as one. */
function useOutline(sound: Sound) {
  const pieces = computed(() => sound.pieces ?? alone(sound.recording, sound.seconds))
  const found = usePeaks(() => recordingsOf(pieces.value))
  const known = computed(() => new Map(found.value.flatMap(({ data }) => (data ? [[data.recording_id, data] as const] : []))))
  return {
    pieces,
    peaks: computed(() => (pieces.value.length > 1 ? laid(pieces.value, sound.seconds, known.value) : known.value.get(sound.recording))),
    version: (recording: string) => known.value.get(recording)?.version,
    silent: computed(() => [...known.value.values()].flatMap((one) => onCourse(pieces.value, one.recording_id, one.silent))),
    fetched: computed(() => found.value.every((one) => one.isFetched)),
    held: computed(() => found.value.map((one) => heldBack(one.error)).find(Boolean) ?? ''),
    refetch: () => Promise.all(found.value.map((one) => one.refetch())),
  }
}

/** Plays a recording into `band`, and tells the server which part of it was heard. */
export function usePlayer(band: Ref<HTMLElement | null>, sound: Sound) {
  const [playing, at, speed, broken, skips] = [ref(false), ref(0), ref(1), ref(false), ref(false)]
  const { pieces, peaks, version, silent, fetched, held, refetch } = useOutline(sound)
  const heard = new Heard()
  let wave: WaveSurfer | undefined
  let media: CourseMedia | undefined
  let [ready, awaited] = [false, undefined as number | undefined]

  async function tell(): Promise<void> {
    for (const [recording, stretches] of byRecording(pieces.value, heard.take()))
      if (!(await tellHeard(recording, stretches))) heard.back(onCourse(pieces.value, recording, stretches))
  }
  function moved(seconds: number): void {
    at.value = seconds
    if (!playing.value) return
    heard.at(seconds)
    const next = skips.value && peaks.value ? pastSilence(peaks.value, seconds) : seconds
    if (next > seconds) leap(next)
  }
  /** The new place is told before the leap is: without the cut, what is leapt over would count as heard. */
  function leap(seconds: number): void {
    heard.cut()
    wave?.setTime(seconds)
  }
  function paused(): void {
    playing.value = false
    heard.cut()
    void tell()
  }
  const failed = () => (broken.value = true)
  const start = () => void wave?.play().catch(failed)

  function build(): void {
    if (!fetched.value || held.value || !band.value || wave) return
    const outline = peaks.value ? drawn(peaks.value) : FLAT
    const address = (recording: string) => audioAddress(recording, version(recording))
    media = pieces.value.length > 1 ? new CourseMedia(pieces.value, sound.seconds, address) : undefined
    const source = media ? { media: media as unknown as HTMLMediaElement } : { url: address(sound.recording) }
    wave = WaveSurfer.create({ container: band.value, ...source, duration: sound.seconds, ...look(band.value, outline) })
    wave.on('timeupdate', moved)
    wave.on('seeking', () => heard.cut())
    wave.on('play', () => (playing.value = true))
    wave.on('pause', paused)
    wave.on('finish', paused)
    wave.on('error', failed)
    // Before the sound is there to be played, playing is refused: what was asked for meanwhile is played then.
    wave.once('ready', () => {
      ready = true
      if (awaited !== undefined) playFrom(awaited)
      else if (sound.autoplay) void wave?.play().catch(() => undefined)
    })
  }
  watch([fetched, held], build, { flush: 'post' })
  const telling = setInterval(() => void tell(), TELL_MS)
  const leaving = () => void tell()
  onMounted(() => {
    build()
    window.addEventListener('pagehide', leaving)
  })
  onBeforeUnmount(() => {
    clearInterval(telling)
    window.removeEventListener('pagehide', leaving)
    void tell()
    drop()
  })
  function drop(): void {
    wave?.destroy()
    media?.close()
    wave = media = undefined
    ready = false
  }

  function playFrom(seconds: number): void {
    if (!ready) return void (awaited = seconds)
    awaited = undefined
    leap(seconds)
    onceThere(start)
  }
  /** Playing while the place is still looked for lets the beginning be heard first. */
  function onceThere(go: () => void): void {
    const sounding = wave?.getMediaElement()
    if (sounding?.seeking) sounding.addEventListener('seeked', () => onceThere(go), { once: true })
    else go()
  }
  function toggle(): void {
    if (!ready) awaited = awaited === undefined ? at.value : undefined
    else if (playing.value) wave?.pause()
    else start()
  }
  function setSpeed(rate: number): void {
    speed.value = rate
    wave?.setPlaybackRate(rate, true)
  }
  return {
    playing, at, speed, broken, held, skips, setSpeed,
    silent,
    toggle,
    seek: (seconds: number) => leap(Math.min(sound.seconds, Math.max(0, seconds))),
    playFrom,
    /** One step of speed up or down. */
    pace: (step: 1 | -1) => setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(speed.value) + step))] ?? 1),
    /** The bytes may be others by now. */
    async retry(): Promise<void> {
      await refetch()
      drop()
      broken.value = false
      setTimeout(build)
    },
  }
}
