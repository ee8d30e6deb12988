import type { Message } from './fold'

export interface SocketEvents {
  message: (message: Message, receivedAt: number) => void
  up: () => void
  down: () => void
  signedOut: () => void
  outdated: () => void
}

const SIGNED_OUT = 4401
const FORBIDDEN = 4403
const PROTOCOL_CHANGED = 4412
const PROTOCOL = 1
const FIRST_MS = 500
const LONGEST_MS = 15_000

/** One connection that heals itself. What it says is the caller's business. */
export class Socket {
  private ws: WebSocket | undefined
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private wanted = false

  constructor(private readonly events: SocketEvents) {}

  open(): void {
    if (this.wanted) return
    this.wanted = true
    window.addEventListener('online', this.retryNow)
    this.connect()
  }

  close(): void {
    this.wanted = false
    window.removeEventListener('online', this.retryNow)
    clearTimeout(this.timer)
    this.ws?.close(1000)
    this.ws = undefined
  }

  send(message: object): void {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(message))
  }

  readonly retryNow = (): void => {
    if (!this.wanted || this.ws) return
    clearTimeout(this.timer)
    this.attempt = 0
    this.connect()
  }

  private connect(): void {
    const ws = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/ws`)
    this.ws = ws
    ws.onmessage = (event: MessageEvent<string>) => this.read(event.data, performance.now())
    ws.onclose = (event) => {
      if (this.ws !== ws) return
      this.ws = undefined
      this.lost(event.code)
    }
  }

  private read(text: string, receivedAt: number): void {
    const message = JSON.parse(text) as Message
    if (message.type === 'hello' && message.protocol !== PROTOCOL) return this.events.outdated()
    if (message.type === 'snapshot') {
      this.attempt = 0
      this.events.up()
    }
    this.events.message(message, receivedAt)
  }

  private lost(code: number): void {
    if (code === PROTOCOL_CHANGED) return this.events.outdated()
    if (code === SIGNED_OUT || code === FORBIDDEN) {
      this.close()
      return this.events.signedOut()
    }
    if (!this.wanted) return
    this.events.down()
    this.timer = setTimeout(() => this.connect(), pause(this.attempt++))
  }
}

/** Doubling with jitter, so that a restarted server is not met by every browser in the same instant. */
export function pause(attempt: number, random = Math.random): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + random() / 2)
}
