// The work order of the present call: loaded when the agent answers, saved while he types, submitted once.
//
//   none ──answered──► loading ──there──► open ──submit──► submitted
//                        └─ not there in time ► failed (try again)
//   saving, while open:  clean ──edit──► dirty ──quiet or 5 s──► saving ──► clean
//                                          ▲                        ├─ changed elsewhere ► conflict (the agent chooses)
//                                          └────── try again ◄──────┴─ refused, offline ► failed
//
// Invariants: nothing typed is lost by an answer that comes late; a draft edited elsewhere is never overwritten
// unless the agent says so; one request for one order at a time.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { emptyFields, type Fields, type Order } from '../shared/model'
import { type FieldFault, Problem, sentence } from '../shared/problem'
import { server } from '../shared/server'
import { check } from './check'

export type SaveState = 'clean' | 'dirty' | 'saving' | 'conflict' | 'failed'
export type OrderState = 'none' | 'loading' | 'open' | 'failed' | 'submitted'

/** Typing must rest this long before a save, milliseconds. */
export const QUIET_MS = 1_200
/** A change waits at most this long for its save, milliseconds. */
export const SAVE_WITHIN_MS = 5_000
/** Between two looks for the draft of an answered call, milliseconds. */
const LOOK_AGAIN_MS = 400
/** So many looks before we say that there is none. */
const LOOKS_MAX = 25
/** After a save that failed for want of a connection, milliseconds. */
const SAVE_AGAIN_MS = 4_000

/** The fields of `form` that differ from `base`; the place goes as a whole. */
export function changes(base: Fields, form: Fields): Partial<Fields> {
  const changed: Partial<Fields> = {}
  const single = ['name', 'appellant_kind', 'contact_phone', 'appeal_type', 'category', 'content', 'urgency'] as const
  for (const field of single) if (base[field].trim() !== form[field].trim()) changed[field] = form[field]
  const place = placeOf(form)
  const before = placeOf(base)
  if (place.place !== before.place || place.region !== before.region || place.address.trim() !== before.address.trim()) {
    if (place.place === 'at') Object.assign(changed, place)
    else changed.place = place.place
  }
  return changed
}

/** The place as the server takes it: an address without a region is kept on the screen until a region is chosen. */
function placeOf(fields: Fields): Pick<Fields, 'place' | 'region' | 'address'> {
  if (fields.place === 'none') return { place: 'none', region: '', address: '' }
  if (fields.region === '') return { place: '', region: '', address: '' }
  return { place: 'at', region: fields.region, address: fields.address }
}

export const useOrder = defineStore('order', () => {
  const state = ref<OrderState>('none')
  const order = ref<Order>()
  const form = ref<Fields>(emptyFields())
  const saving = ref<SaveState>('clean')
  const savedAt = ref<number>()
  const failure = ref('')
  const faults = ref<FieldFault[]>([])
  const submitting = ref(false)
  /** The draft as somebody else left it, while the agent has to choose. */
  const theirs = ref<Order>()

  let base: Fields = emptyFields()
  let wanted: string | undefined
  let quiet: ReturnType<typeof setTimeout> | undefined
  let latest: ReturnType<typeof setTimeout> | undefined
  let running: Promise<void> | undefined
  let submission: string | undefined

  const editable = computed(() => state.value === 'open' && !submitting.value)

  /** Shows the order of this call; the draft may come a moment after the answer. */
  async function follow(interaction: string): Promise<void> {
    if (wanted === interaction) return
    await leave()
    wanted = interaction
    state.value = 'loading'
    failure.value = ''
    for (let look = 0; look < LOOKS_MAX && wanted === interaction; look += 1) {
      try {
        const found = await server.orderOf(interaction)
        if (wanted !== interaction) return
        if (found) {
          take(found)
          return
        }
      } catch (cause) {
        failure.value = sentence(cause)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
    if (wanted === interaction) state.value = 'failed'
  }

  /** Looks for the draft again. */
  async function again(): Promise<void> {
    const interaction = wanted
    wanted = undefined
    if (interaction) await follow(interaction)
  }

  /** Shows an order of an earlier call, to read it or to finish its draft. */
  async function show(id: string): Promise<void> {
    if (order.value?.id === id) return
    await leave()
    state.value = 'loading'
    try {
      const found = await server.order(id)
      // A call that was answered meanwhile goes first.
      if (wanted === undefined) take(found)
    } catch (cause) {
      if (wanted !== undefined) return
      failure.value = sentence(cause)
      state.value = 'failed'
    }
  }

  /** Saves what is left and clears the form. */
  async function leave(): Promise<void> {
    if (state.value === 'open' && saving.value !== 'conflict') await flush()
    stopTimers()
    wanted = undefined
    state.value = 'none'
    order.value = undefined
    theirs.value = undefined
    faults.value = []
    saving.value = 'clean'
    savedAt.value = undefined
    submission = undefined
    base = emptyFields()
    form.value = emptyFields()
  }

  function take(found: Order): void {
    order.value = found
    base = { ...found.fields }
    form.value = { ...found.fields }
    state.value = found.state === 'draft' ? 'open' : 'submitted'
    saving.value = 'clean'
    faults.value = []
    theirs.value = undefined
    submission = undefined
  }

  /** The form changed. */
  function edited(field: keyof Fields): void {
    if (state.value !== 'open') return
    const related = field === 'region' || field === 'address' ? 'place' : field
    faults.value = faults.value.filter((fault) => fault.field !== field && fault.field !== related && !(field === 'place' && fault.field === 'region'))
    if (saving.value === 'conflict') return
    if (saving.value !== 'saving') saving.value = 'dirty'
    submission = undefined
    if (quiet !== undefined) clearTimeout(quiet)
    quiet = setTimeout(() => void flush(), QUIET_MS)
    latest ??= setTimeout(() => void flush(), SAVE_WITHIN_MS)
  }

  /** Saves now; waits for a save that runs. */
  async function flush(): Promise<void> {
    stopTimers()
    while (running) await running
    if (state.value !== 'open' || saving.value === 'conflict' || !order.value) return
    const changed = changes(base, form.value)
    if (Object.keys(changed).length === 0) {
      saving.value = 'clean'
      return
    }
    running = save(order.value, changed, { ...form.value }).finally(() => {
      running = undefined
    })
    await running
  }

  async function save(current: Order, changed: Partial<Fields>, sent: Fields): Promise<void> {
    saving.value = 'saving'
    try {
      const answer = await server.saveOrder(current.id, current.version, changed)
      if (order.value?.id !== current.id) return
      order.value = answer
      base = sent
      savedAt.value = Date.parse(answer.updatedAt)
      failure.value = ''
      saving.value = Object.keys(changes(base, form.value)).length === 0 ? 'clean' : 'dirty'
      if (saving.value === 'dirty') latest ??= setTimeout(() => void flush(), QUIET_MS)
    } catch (cause) {
      await refused(current, cause)
    }
  }

  async function refused(current: Order, cause: unknown): Promise<void> {
    failure.value = sentence(cause)
    saving.value = 'failed'
    if (!(cause instanceof Problem)) return
    if (cause.isConflict) {
      try {
        theirs.value = await server.order(current.id)
        saving.value = 'conflict'
      } catch (again) {
        failure.value = sentence(again)
      }
    } else if (cause.faults.length > 0) {
      faults.value = cause.faults
    } else if (cause.status === 0 || cause.status >= 500) {
      latest ??= setTimeout(() => void flush(), SAVE_AGAIN_MS)
    }
  }

  /** Ends a conflict: the draft as it is on the server replaces the form. */
  function takeTheirs(): void {
    if (theirs.value) take(theirs.value)
  }

  /** Ends a conflict: what stands on the screen is saved over it. */
  async function keepMine(): Promise<void> {
    if (!theirs.value) return
    order.value = theirs.value
    base = { ...theirs.value.fields }
    theirs.value = undefined
    saving.value = 'dirty'
    await flush()
  }

  /** Submits the order; false when something stands in the way, which is then shown. */
  async function submit(): Promise<boolean> {
    if (state.value !== 'open' || submitting.value || saving.value === 'conflict') return false
    faults.value = check(form.value)
    if (faults.value.length > 0) return false
    submitting.value = true
    try {
      await flush()
      if (saving.value !== 'clean' || !order.value) return false
      // One key for one press and its repetitions: a lost answer does not submit twice.
      submission ??= crypto.randomUUID()
      const answer = await server.submitOrder(order.value.id, order.value.version, submission)
      order.value = answer
      state.value = 'submitted'
      failure.value = ''
      return true
    } catch (cause) {
      if (order.value) await refused(order.value, cause)
      if (saving.value === 'failed' && Object.keys(changes(base, form.value)).length === 0) saving.value = 'clean'
      return false
    } finally {
      submitting.value = false
    }
  }

  function stopTimers(): void {
    if (quiet !== undefined) clearTimeout(quiet)
    if (latest !== undefined) clearTimeout(latest)
    quiet = undefined
    latest = undefined
  }

  return {
    state,
    order,
    form,
    saving,
    savedAt,
    failure,
    faults,
    submitting,
    theirs,
    editable,
    follow,
    again,
    show,
    leave,
    edited,
    flush,
    takeTheirs,
    keepMine,
    submit,
  }
})
