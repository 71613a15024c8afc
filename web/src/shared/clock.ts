// The server's time on this screen. Every timer counts from it, so that a wrong clock of the desk shows nothing wrong.
import { ref, type Ref } from 'vue'

/** Milliseconds that never go backwards. */
export type Monotonic = () => number

/**
 * Server time: the instant the server told, plus what the monotonic clock has counted since.
 *
 * Until the server has told its time, the desk's own clock stands in.
 */
export class ServerClock {
  private base: { server: number; local: number } | undefined

  constructor(
    private readonly monotonic: Monotonic = () => performance.now(),
    private readonly fallback: () => number = () => Date.now(),
  ) {}

  /** Takes over the server's time, an RFC 3339 instant. A text that is no instant is ignored. */
  set(serverTime: string): void {
    const server = Date.parse(serverTime)
    if (!Number.isNaN(server)) this.base = { server, local: this.monotonic() }
  }

  /** Milliseconds since the epoch as the server counts. */
  now(): number {
    return this.base ? this.base.server + (this.monotonic() - this.base.local) : this.fallback()
  }
}

export const serverClock = new ServerClock()

/** The server's time, renewed four times a second so that no second is skipped. */
export const now: Ref<number> = ref(serverClock.now())

let ticking = false

/** Starts renewing `now`; once is enough. */
export function startClock(): void {
  if (ticking) return
  ticking = true
  window.setInterval(() => {
    now.value = serverClock.now()
  }, 250)
}

/** Whole seconds from `since` to `at`, never negative. */
export function secondsSince(since: string | null | undefined, at: number): number {
  if (!since) return 0
  const from = Date.parse(since)
  return Number.isNaN(from) ? 0 : Math.max(0, Math.floor((at - from) / 1000))
}

/** Whole seconds from `at` to `until`, never negative. */
export function secondsUntil(until: string | null | undefined, at: number): number {
  if (!until) return 0
  const to = Date.parse(until)
  return Number.isNaN(to) ? 0 : Math.max(0, Math.ceil((to - at) / 1000))
}
