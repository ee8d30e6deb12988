import type { Stretch } from '@/entities/recordings'

/** Which part of a recording was played since it was last told. */
export class Heard {
  private told: Stretch[] = []
  private now: Stretch | undefined

  /** The sound plays and is at this second. */
  at(seconds: number): void {
    if (this.now && seconds >= this.now[1]) this.now[1] = seconds
    else {
      this.cut()
      this.now = [seconds, seconds]
    }
  }

  /** What comes next does not follow on what came before: a leap, or a pause. */
  cut(): void {
    if (this.now && this.now[1] > this.now[0]) this.told.push(this.now)
    this.now = undefined
  }

  /** All that is not told yet; it counts as told. */
  take(): Stretch[] {
    const { now } = this
    this.cut()
    if (now) this.now = [now[1], now[1]]
    return this.told.splice(0)
  }

  /** It was not heard of after all. */
  back(stretches: Stretch[]): void {
    this.told.unshift(...stretches)
  }
}
