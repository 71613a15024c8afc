import { beforeEach, describe, expect, it } from 'vitest'
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, LiveStream, SILENCE_MS, type Socket, type StreamState } from './stream'

class FakeSocket implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: (() => void) | null = null
  closed = false
  send(): void {}
  close(): void {
    this.closed = true
  }
  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify({ v: 1, ...message }) })
  }
}

/** Timers in virtual time. */
class FakeTimers {
  private at = 0
  private next = 1
  private readonly waiting = new Map<number, { due: number; run: () => void }>()
  set(run: () => void, ms: number): number {
    this.next += 1
    this.waiting.set(this.next, { due: this.at + ms, run })
    return this.next
  }
  clear(id: number): void {
    this.waiting.delete(id)
  }
  pass(ms: number): void {
    const end = this.at + ms
    for (;;) {
      const due = [...this.waiting].filter(([, timer]) => timer.due <= end).sort((a, b) => a[1].due - b[1].due)[0]
      if (!due) break
      this.waiting.delete(due[0])
      this.at = due[1].due
      due[1].run()
    }
    this.at = end
  }
}

let sockets: FakeSocket[]
let timers: FakeTimers
let heard: string[]
let state: StreamState
let stream: LiveStream

const last = (): FakeSocket => sockets[sockets.length - 1] as FakeSocket

beforeEach(() => {
  sockets = []
  timers = new FakeTimers()
  heard = []
  stream = new LiveStream(
    () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    {
      state: (next) => (state = next),
      hello: (time) => heard.push(`hello ${time}`),
      snapshot: (data) => heard.push(`snapshot ${String(data)}`),
      change: (type, data) => heard.push(`${type} ${String(data)}`),
      signedOut: () => heard.push('signed out'),
    },
    timers,
    () => 1,
  )
  stream.open()
})

function live(seq: number): void {
  last().onopen?.()
  last().tell({ type: 'hello', data: { server_time: 'T' } })
  last().tell({ type: 'snapshot', seq, data: 's' })
}

describe('stream', () => {
  it('is live after hello and snapshot and takes changes in order', () => {
    expect(state).toBe('connecting')
    live(7)
    last().tell({ type: 'call', seq: 8, data: 'a' })
    last().tell({ type: 'queue', seq: 9, data: 'b' })
    expect(state).toBe('live')
    expect(heard).toEqual(['hello T', 'snapshot s', 'call a', 'queue b'])
  })

  it('a gap is not applied: a new snapshot is fetched', () => {
    live(7)
    last().tell({ type: 'call', seq: 9, data: 'late' })
    expect(heard).not.toContain('call late')
    expect(sockets[0]?.closed).toBe(true)
    expect(sockets).toHaveLength(2)
    live(40)
    last().tell({ type: 'call', seq: 41, data: 'fresh' })
    expect(heard.slice(-2)).toEqual(['snapshot s', 'call fresh'])
  })

  it('a repeated change is ignored, and so is one before the snapshot', () => {
    last().onopen?.()
    last().tell({ type: 'call', seq: 6, data: 'early' })
    last().tell({ type: 'snapshot', seq: 7, data: 's' })
    last().tell({ type: 'call', seq: 7, data: 'again' })
    expect(heard).toEqual(['snapshot s'])
    expect(sockets).toHaveLength(1)
  })

  it('a snapshot in the middle replaces the numbering', () => {
    live(7)
    last().tell({ type: 'snapshot', seq: 100, data: 'new' })
    last().tell({ type: 'call', seq: 101, data: 'c' })
    expect(heard.slice(-2)).toEqual(['snapshot new', 'call c'])
    expect(sockets).toHaveLength(1)
  })

  it('a lost connection is tried again, each time later, and success resets the wait', () => {
    live(1)
    last().onclose?.({ code: 1006 })
    expect(state).toBe('backoff')
    timers.pass(BACKOFF_MIN_MS)
    expect(sockets).toHaveLength(2)
    last().onclose?.({ code: 1006 })
    timers.pass(BACKOFF_MIN_MS)
    expect(sockets).toHaveLength(2)
    timers.pass(BACKOFF_MIN_MS)
    expect(sockets).toHaveLength(3)
    for (let again = 0; again < 12; again += 1) {
      last().onclose?.({ code: 1006 })
      timers.pass(BACKOFF_MAX_MS)
    }
    expect(sockets).toHaveLength(15)
    live(1)
    last().onclose?.({ code: 1006 })
    timers.pass(BACKOFF_MIN_MS)
    expect(sockets).toHaveLength(16)
  })

  it('silence counts as lost and a heartbeat ends it', () => {
    live(1)
    timers.pass(SILENCE_MS - 1)
    last().tell({ type: 'heartbeat', data: { server_time: 'U' } })
    timers.pass(SILENCE_MS - 1)
    expect(state).toBe('live')
    expect(heard.at(-1)).toBe('hello U')
    timers.pass(1)
    expect(state).toBe('backoff')
  })

  it('a session that ended is not tried again', () => {
    live(1)
    last().onclose?.({ code: 4401 })
    timers.pass(60_000)
    expect(sockets).toHaveLength(1)
    expect(state).toBe('closed')
    expect(heard.at(-1)).toBe('signed out')
  })

  it('a permission that is gone ends the stream without signing out', () => {
    live(1)
    last().onclose?.({ code: 4403 })
    timers.pass(60_000)
    expect(sockets).toHaveLength(1)
    expect(state).toBe('closed')
    expect(heard).not.toContain('signed out')
  })

  it('noise on the line changes nothing', () => {
    live(1)
    last().onmessage?.({ data: 'not json' })
    last().onmessage?.({ data: '[]' })
    last().onmessage?.({ data: 'null' })
    last().onmessage?.({ data: new ArrayBuffer(2) })
    expect(state).toBe('live')
  })
})
