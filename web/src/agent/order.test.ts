import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyFields, type Fields, type Order } from '../shared/model'
import { Problem } from '../shared/problem'
import { server } from '../shared/server'
import { check, CONTENT_MIN } from './check'
import { changes, QUIET_MS, SAVE_WITHIN_MS, useOrder } from './order'

const FULL: Fields = {
  ...emptyFields(),
  name: 'A',
  appeal_type: 'help',
  category: '010203',
  content: 'x'.repeat(CONTENT_MIN),
  urgency: 'normal',
  place: 'none',
}

/** A server that keeps one order. */
class FakeServer {
  order: Order = {
    id: 't1',
    number: '20261124000001',
    state: 'draft',
    version: 1,
    interaction: 'i1',
    caller: '',
    categoryPath: '',
    regionPath: '',
    fields: emptyFields(),
    updatedAt: '2026-11-24T02:00:00Z',
    submittedAt: null,
  }
  saves: Partial<Fields>[] = []
  keys: string[] = []
  refuse: Problem | undefined

  install(): void {
    vi.spyOn(server, 'orderOf').mockImplementation(async () => structuredClone(this.order))
    vi.spyOn(server, 'order').mockImplementation(async () => structuredClone(this.order))
    vi.spyOn(server, 'saveOrder').mockImplementation(async (_id, version, fields) => {
      this.refuseIfTold()
      if (version !== this.order.version) throw Problem.from(412, { code: 'conflict' })
      this.saves.push(fields)
      Object.assign(this.order.fields, fields)
      this.order.version += 1
      return structuredClone(this.order)
    })
    vi.spyOn(server, 'submitOrder').mockImplementation(async (_id, version, once) => {
      this.keys.push(once)
      this.refuseIfTold()
      if (version !== this.order.version) throw Problem.from(412, { code: 'conflict' })
      this.order.state = 'pending_dispatch'
      this.order.version += 1
      return structuredClone(this.order)
    })
  }

  private refuseIfTold(): void {
    const refusal = this.refuse
    this.refuse = undefined
    if (refusal) throw refusal
  }
}

let fake: FakeServer
let store: ReturnType<typeof useOrder>

function type(field: 'name' | 'content', text: string): void {
  store.form[field] = text
  store.edited(field)
}

beforeEach(async () => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  fake = new FakeServer()
  fake.install()
  store = useOrder()
  await store.follow('i1')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('autosave', () => {
  it('waits until the typing rests, then sends only what changed', async () => {
    type('name', 'A')
    await vi.advanceTimersByTimeAsync(QUIET_MS - 1)
    expect(fake.saves).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(fake.saves).toEqual([{ name: 'A' }])
    expect(store.saving).toBe('clean')
  })

  it('saves at the latest after five seconds of typing without rest', async () => {
    for (let passed = 0; passed < SAVE_WITHIN_MS; passed += 500) {
      type('content', 'x'.repeat(passed / 500 + 1))
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(fake.saves).toHaveLength(1)
  })

  it('keeps what is typed while a save is under way and saves it next', async () => {
    type('name', 'A')
    const running = store.flush()
    type('name', 'AB')
    await running
    await vi.advanceTimersByTimeAsync(SAVE_WITHIN_MS)
    expect(fake.saves).toEqual([{ name: 'A' }, { name: 'AB' }])
    expect(store.form.name).toBe('AB')
  })

  it('tries again after a lost connection', async () => {
    fake.refuse = Problem.offline()
    type('name', 'A')
    await vi.advanceTimersByTimeAsync(QUIET_MS)
    expect(store.saving).toBe('failed')
    await vi.advanceTimersByTimeAsync(SAVE_WITHIN_MS)
    expect(store.saving).toBe('clean')
    expect(fake.order.fields.name).toBe('A')
  })

  it('saves before another order takes the form', async () => {
    type('name', 'A')
    await store.leave()
    expect(fake.order.fields.name).toBe('A')
    expect(store.form.name).toBe('')
  })
})

describe('conflict', () => {
  beforeEach(async () => {
    fake.order.version = 5
    fake.order.fields.content = 'theirs'
    type('content', 'mine')
    await vi.advanceTimersByTimeAsync(QUIET_MS)
  })

  it('overwrites nothing and shows the other draft', () => {
    expect(store.saving).toBe('conflict')
    expect(store.theirs?.fields.content).toBe('theirs')
    expect(store.form.content).toBe('mine')
    expect(fake.order.fields.content).toBe('theirs')
  })

  it('saves nothing more until the agent has chosen', async () => {
    type('name', 'A')
    await vi.advanceTimersByTimeAsync(SAVE_WITHIN_MS)
    expect(fake.saves).toEqual([])
    expect(await store.submit()).toBe(false)
  })

  it('ends with the other draft in the form', () => {
    store.takeTheirs()
    expect(store.form.content).toBe('theirs')
    expect(store.saving).toBe('clean')
  })

  it('ends with the own draft saved over it', async () => {
    await store.keepMine()
    expect(fake.order.fields.content).toBe('mine')
    expect(store.saving).toBe('clean')
  })
})

describe('submission', () => {
  it('asks for every missing item at once, with the clause, before the server is asked', async () => {
    expect(await store.submit()).toBe(false)
    expect(store.faults.map((fault) => fault.field)).toEqual(['name', 'appeal_type', 'category', 'content', 'urgency', 'place'])
    expect(store.faults.every((fault) => fault.clause?.includes('7.1.2 a'))).toBe(true)
    expect(fake.keys).toEqual([])
  })

  it('saves what is left first and then submits once', async () => {
    Object.assign(store.form, FULL)
    store.edited('content')
    expect(await store.submit()).toBe(true)
    expect(fake.saves).toHaveLength(1)
    expect(store.state).toBe('submitted')
    expect(await store.submit()).toBe(false)
    expect(fake.keys).toHaveLength(1)
  })

  it('uses the same key after a lost answer', async () => {
    Object.assign(store.form, FULL)
    store.edited('content')
    await store.flush()
    fake.refuse = Problem.offline()
    expect(await store.submit()).toBe(false)
    expect(await store.submit()).toBe(true)
    expect(new Set(fake.keys).size).toBe(1)
  })

  it('shows the server’s refusal at the field', async () => {
    Object.assign(store.form, FULL)
    store.edited('content')
    await store.flush()
    fake.refuse = Problem.from(422, { code: 'incomplete', title: 'T', field: 'urgency', fields: ['urgency'], clause: 'C' })
    expect(await store.submit()).toBe(false)
    expect(store.faults.map((fault) => [fault.field, fault.clause])).toEqual([['urgency', 'C']])
    store.edited('urgency')
    expect(store.faults).toEqual([])
  })
})

describe('place', () => {
  it('goes as a whole, and an address alone waits for its region', () => {
    const base = emptyFields()
    expect(changes(base, { ...base, address: 'a' })).toEqual({})
    expect(changes(base, { ...base, place: 'at', region: 'r', address: 'a' })).toEqual({ place: 'at', region: 'r', address: 'a' })
    expect(changes({ ...base, place: 'at', region: 'r', address: 'a' }, { ...base, place: 'none', region: 'r', address: 'a' })).toEqual({ place: 'none' })
  })

  it('that is ticked as none needs no region', () => {
    expect(check(FULL)).toEqual([])
    expect(check({ ...FULL, place: 'at' }).map((fault) => fault.field)).toEqual(['region'])
  })

  it('content is counted in characters, not in code units', () => {
    expect(check({ ...FULL, content: '😀😀' }).map((fault) => fault.field)).toEqual(['content'])
    expect(check({ ...FULL, contact_phone: 'abc' }).map((fault) => fault.field)).toEqual(['contact_phone'])
  })
})
