import { pieceAt, type Piece } from './course'

const NEAR_S = 0.3
const PASSED_ON = ['seeked', 'ratechange', 'volumechange', 'error'] as const

/** Several files behind each other as one sound, for a player that takes any media element. Between two pieces, where
 * nothing was recorded, it goes on with the next at once. */
export class CourseMedia extends EventTarget {
  private readonly audio = new Audio()
  private index = 0
  private source = ''
  private goTo: number | undefined
  private going = false
  readonly readyState = HTMLMediaElement.HAVE_ENOUGH_DATA
  ended = false
  src = ''

  constructor(private readonly pieces: readonly Piece[], private readonly seconds: number, private readonly address: (recording: string) => string) {
    super()
    this.audio.preload = 'metadata'
    for (const name of PASSED_ON) this.audio.addEventListener(name, () => this.tell(name))
    this.audio.addEventListener('loadedmetadata', () => this.arrived())
    this.audio.addEventListener('timeupdate', () => this.moved())
    this.audio.addEventListener('ended', () => this.next())
    this.audio.addEventListener('pause', () => this.stopped())
    this.load(0, this.pieces[0]?.start_s ?? 0)
  }

  get duration() { return this.seconds }
  get paused() { return !this.going }
  get seeking() { return this.goTo !== undefined || this.audio.seeking }
  get currentSrc() { return this.src }
  get volume() { return this.audio.volume }
  set volume(value) { this.audio.volume = value }
  get muted() { return this.audio.muted }
  set muted(value) { this.audio.muted = value }
  get preservesPitch() { return this.audio.preservesPitch }
  set preservesPitch(value) { this.audio.preservesPitch = value }
  get playbackRate() { return this.audio.playbackRate }
  set playbackRate(value) { this.audio.defaultPlaybackRate = this.audio.playbackRate = value }

  get currentTime(): number {
    const piece = this.pieces[this.index]
    if (!piece) return 0
    return piece.at_s + Math.min(piece.seconds, Math.max(0, (this.goTo ?? this.audio.currentTime) - piece.start_s))
  }
  set currentTime(at: number) {
    const index = pieceAt(this.pieces, at)
    const piece = this.pieces[index]
    if (!piece) return
    this.ended = false
    this.tell('seeking')
    this.load(index, piece.start_s + Math.min(piece.seconds, Math.max(0, at - piece.at_s)))
    this.tell('timeupdate')
  }

  async play(): Promise<void> {
    if (this.ended) this.currentTime = 0
    this.going = true
    this.tell('play')
    await this.audio.play()
  }
  pause(): void {
    this.going = false
    this.audio.pause()
    this.tell('pause')
  }
  /** Lets the files go. */
  close(): void {
    this.going = false
    this.audio.pause()
    this.audio.removeAttribute('src')
    this.audio.load()
  }
  canPlayType(type: string) { return this.audio.canPlayType(type) }
  removeAttribute(): void { this.src = '' }

  private tell(name: string): void {
    this.dispatchEvent(new Event(name))
  }
  private load(index: number, second: number): void {
    this.index = index
    const recording = this.pieces[index]?.recording_id
    if (!recording) return
    const source = this.address(recording)
    if (source === this.source && this.goTo === undefined) {
      this.audio.currentTime = second
      return
    }
    this.goTo = second
    if (source === this.source) return
    this.source = source
    this.audio.src = source
    if (this.going) void this.audio.play().catch(() => undefined)
  }
  private arrived(): void {
    if (this.goTo !== undefined) this.audio.currentTime = this.goTo
    this.goTo = undefined
    this.tell('seeked')
  }
  private moved(): void {
    const piece = this.pieces[this.index]
    if (!piece || this.goTo !== undefined) return
    this.tell('timeupdate')
    if (this.going && this.audio.currentTime >= piece.start_s + piece.seconds) this.next()
  }
  private next(): void {
    const piece = this.pieces[this.index + 1]
    if (!piece) {
      this.going = false
      this.ended = true
      this.audio.pause()
      this.tell('pause')
      this.tell('ended')
      return
    }
    const follows = piece.recording_id === this.pieces[this.index]?.recording_id && Math.abs(piece.start_s - this.audio.currentTime) < NEAR_S
    if (follows) this.index += 1
    else this.load(this.index + 1, piece.start_s)
    if (this.going && this.audio.paused) void this.audio.play().catch(() => undefined)
  }
  /** The browser stopped it, not we: a headset was pulled out, another program plays. */
  private stopped(): void {
    if (!this.going || this.audio.ended || this.goTo !== undefined) return
    this.going = false
    this.tell('pause')
  }
}
