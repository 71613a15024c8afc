// The live stream: one WebSocket, its hello, snapshot and numbered changes.
//
//   closed ──open()──► connecting ──socket open──► opening ──snapshot──► live
//      ▲                   ▲                          │                   │
//      │                   └──── backoff ◄────────────┴── closed, silent, gap ┘
//      └──close()── any
//
// Invariants: a handler sees changes in order and without a gap, or a new snapshot; after a gap nothing is applied
// until the new snapshot is there.

/** What the stream needs of a socket; a test gives its own. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  onerror: (() => void) | null
  send(data: string): void
  close(): void
}

/** How the stream stands. */
export type StreamState = 'closed' | 'connecting' | 'opening' | 'live' | 'backoff'

/** Timers, so that a test runs in virtual time. */
export interface Timers {
  set(run: () => void, ms: number): number
  clear(id: number): void
}

export interface StreamHandler {
  state(state: StreamState): void
  hello(serverTime: string): void
  snapshot(data: unknown): void
  change(type: string, data: unknown): void
  /** The server does not know this session any more; the close code says why. */
  signedOut(code: number): void
}

/** First wait before a new attempt, milliseconds; doubled each time. */
export const BACKOFF_MIN_MS = 500
/** Longest wait before a new attempt, milliseconds. */
export const BACKOFF_MAX_MS = 15_000
/** Silence after which the connection counts as lost, milliseconds; the server beats more often. */
export const SILENCE_MS = 45_000
/** Close code of the server for a session that ended. */
export const CLOSE_SIGNED_OUT = 4401
/** Close code of the server for a session that a newer sign-in of the account ended. */
export const CLOSE_REPLACED = 4409
/** Close code of the server for a permission that is gone; trying again would not help. */
export const CLOSE_FORBIDDEN = 4403

const windowTimers: Timers = {
  set: (run, ms) => window.setTimeout(run, ms),
  clear: (id) => window.clearTimeout(id),
}

export class LiveStream {
  private socket: Socket | undefined
  private seq: number | undefined
  private state: StreamState = 'closed'
  private attempts = 0
  private retry: number | undefined
  private silence: number | undefined

  constructor(
    private readonly connect: () => Socket,
    private readonly handler: StreamHandler,
    private readonly timers: Timers = windowTimers,
    private readonly random: () => number = Math.random,
  ) {}

  /** Connects, unless it is connected or trying. */
  open(): void {
    if (this.state === 'closed') this.start()
  }

  /** Ends the stream; nothing is tried again. */
  close(): void {
    this.drop()
    this.move('closed')
  }

  /** Tries at once instead of waiting on. */
  hurry(): void {
    if (this.state === 'backoff') this.start()
  }

  private start(): void {
    this.drop()
    this.move('connecting')
    const socket = this.connect()
    this.socket = socket
    socket.onopen = () => {
      this.move('opening')
      this.heard()
    }
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = (event) => this.lost(event.code)
    socket.onerror = () => undefined
    this.heard()
  }

  private receive(text: unknown): void {
    this.heard()
    const message = parse(text)
    if (!message) return
    if (message.type === 'hello') {
      this.tellTime(message.data)
    } else if (message.type === 'snapshot') {
      this.seq = message.seq
      this.attempts = 0
      this.handler.snapshot(message.data)
      this.move('live')
    } else if (message.type === 'heartbeat') {
      this.tellTime(message.data)
    } else {
      this.apply(message)
    }
  }

  private tellTime(data: unknown): void {
    const told = (data as { server_time?: unknown } | undefined)?.server_time
    if (typeof told === 'string') this.handler.hello(told)
  }

  private apply(message: Message): void {
    if (this.seq === undefined || message.seq === undefined) return
    if (message.seq <= this.seq) return
    if (message.seq !== this.seq + 1) {
      // A change was missed: nothing more is applied, a new snapshot is fetched.
      this.resync()
      return
    }
    this.seq = message.seq
    this.handler.change(message.type, message.data)
  }

  private resync(): void {
    this.seq = undefined
    this.start()
  }

  private lost(code: number): void {
    this.drop()
    if (code === CLOSE_SIGNED_OUT || code === CLOSE_REPLACED) {
      this.move('closed')
      this.handler.signedOut(code)
      return
    }
    if (code === CLOSE_FORBIDDEN) {
      this.move('closed')
      return
    }
    this.move('backoff')
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.attempts)
    this.attempts += 1
    // Spread over the upper half, so that all desks do not come back in one instant.
    this.retry = this.timers.set(() => this.start(), ceiling / 2 + (this.random() * ceiling) / 2)
  }

  private heard(): void {
    if (this.silence !== undefined) this.timers.clear(this.silence)
    this.silence = this.timers.set(() => this.lost(0), SILENCE_MS)
  }

  private drop(): void {
    for (const id of [this.retry, this.silence]) if (id !== undefined) this.timers.clear(id)
    this.retry = undefined
    this.silence = undefined
    this.seq = undefined
    const socket = this.socket
    this.socket = undefined
    if (!socket) return
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.onerror = null
    socket.close()
  }

  private move(state: StreamState): void {
    if (this.state === state) return
    this.state = state
    this.handler.state(state)
  }
}

interface Message {
  type: string
  seq?: number
  data?: unknown
}

function parse(text: unknown): Message | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const message = value as Message
    return typeof message.type === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
