// The server as the screens use it: requests typed by the API's description, answers turned into the screens' own
// values. The only file that knows the API's shapes.
import createClient from 'openapi-fetch'
import type { components, paths } from './api'
import { now, serverClock } from './clock'
import type { Agent, Alarm, Call, CallRow, Commitment, Fields, Me, MissedCall, Names, Order, Presence, PresenceState, Queue, TreeNode } from './model'
import { Problem } from './problem'
import { code, t } from './texts'
import type { Socket } from './stream'

type Schemas = components['schemas']

/** Where the API stands. */
const BASE = '/api/v1'

const client = createClient<paths>({ baseUrl: BASE, credentials: 'same-origin' })

/** Called when the server does not know the session any more. */
let onSignedOut: (replaced: boolean) => void = () => undefined

/** `replaced`: a newer sign-in of the account ended the session. */
export function whenSignedOut(run: (replaced: boolean) => void): void {
  onSignedOut = run
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The answer's value; a refusal or a lost connection becomes a `Problem`. */
async function value<T>(request: Promise<Answer<T>>, signingIn = false): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await request
  } catch {
    throw Problem.offline()
  }
  if (answer.response.ok) return answer.data as T
  const problem = Problem.from(answer.response.status, answer.error)
  if (problem.status === 401 && !signingIn) onSignedOut(problem.code === 'session_replaced')
  throw problem
}

const key = (): { 'Idempotency-Key': string } => ({ 'Idempotency-Key': crypto.randomUUID() })
const version = (of: number): { 'If-Match': string } => ({ 'If-Match': `"${of}"` })

/** Rows of one page of the list of calls. */
const PAGE = 50

export const server = {
  async me(): Promise<Me> {
    return readMe(await value(client.GET('/session'), true))
  },

  async signIn(user: string, password: string): Promise<Me> {
    return readMe(await value(client.POST('/session', { body: { user, password } }), true))
  },

  async signOut(): Promise<void> {
    await value(client.DELETE('/session'))
  },

  /** The secrecy commitment in force. */
  async commitment(): Promise<Commitment> {
    const { version, title, paragraphs, sha256 } = await value(client.GET('/session/commitment'))
    return { version, title, paragraphs: [...paragraphs], sha256 }
  },

  async signCommitment({ version, sha256 }: Commitment): Promise<void> {
    await value(client.POST('/session/commitment', { body: { version, sha256 } }))
  },

  async names(): Promise<Names> {
    return readNames(await value(client.GET('/profile/public')))
  },

  async agent(): Promise<Agent> {
    return readAgent(await value(client.GET('/agent')))
  },

  async agentSignIn(seat: string | null, devices: string[]): Promise<void> {
    await value(client.POST('/agent/sign-in', { headers: key(), body: { seat, devices } }))
  },

  async agentSignOut(): Promise<void> {
    await value(client.POST('/agent/sign-out', { headers: key() }))
  },

  async presence(state: PresenceState, reason: string | null): Promise<void> {
    await value(client.PUT('/agent/presence', { body: { state, reason } }))
  },

  async rejectOffer(): Promise<void> {
    await value(client.POST('/agent/offer/reject', { headers: key() }))
  },

  async finishWrapup(): Promise<void> {
    await value(client.POST('/agent/wrapup/finish', { headers: key() }))
  },

  async hangUp(interaction: string): Promise<void> {
    await value(client.POST('/calls/{id}/hangup', { params: { path: { id: interaction } }, headers: key() }))
  },

  async reveal(interaction: string): Promise<string> {
    const answer = await value(
      client.POST('/calls/{id}/reveal', { params: { path: { id: interaction } }, headers: key() }),
    )
    return answer.number
  },

  async callsToday(cursor: string | null): Promise<{ rows: CallRow[]; cursor: string | null }> {
    const query = { day: 'today', agent: 'me', limit: PAGE, ...(cursor === null ? {} : { cursor }) }
    const page = await value(client.GET('/calls', { params: { query } }))
    return { rows: page.items.map(readRow), cursor: page.next ?? null }
  },

  /** Citizens who called today and reached nobody yet. */
  async missedToday(): Promise<{ rows: MissedCall[]; total: number }> {
    const page = await value(client.GET('/calls/missed', { params: { query: { limit: PAGE } } }))
    const rows = page.items.map((item) => ({
      id: item.interaction,
      caller: item.caller,
      count: item.count,
      lastAt: item.last_at,
      longestWaitMs: item.longest_wait_ms,
      queueName: item.queue_name,
      attempts: item.attempts,
    }))
    return { rows, total: page.total }
  },

  /** Calls one of them back: one's own phone rings first. */
  async callBack(id: string): Promise<void> {
    await value(client.POST('/calls/missed/{id}/call', { params: { path: { id } } }))
  },

  /** The work order of a call, if it is there already. */
  async orderOf(interaction: string): Promise<Order | undefined> {
    const page = await value(client.GET('/tickets', { params: { query: { interaction, limit: 1 } } }))
    const found = page.items[0]
    // Lists are masked; the order itself is read by its id.
    return found ? server.order(found.id) : undefined
  },

  async order(id: string): Promise<Order> {
    return readOrder(await value(client.GET('/tickets/{id}', { params: { path: { id } } })))
  },

  async saveOrder(id: string, at: number, fields: Partial<Fields>): Promise<Order> {
    const request = client.PUT('/tickets/{id}', {
      params: { path: { id }, header: version(at) },
      // Fields that are left out stay as they are.
      body: fields as Schemas['DraftFields'],
    })
    return readOrder(await value(request))
  },

  async submitOrder(id: string, at: number, once: string): Promise<Order> {
    const request = client.POST('/tickets/{id}/submit', {
      params: { path: { id }, header: version(at) },
      headers: { 'Idempotency-Key': once },
    })
    return readOrder(await value(request))
  },

  async acknowledge(alarm: string): Promise<void> {
    await value(client.POST('/alarms/{id}/acknowledge', { params: { path: { id: alarm } }, headers: key() }))
  },
}

/** Where a recording is heard. */
export function audioUrl(recording: string): string {
  return `${BASE}/recordings/${encodeURIComponent(recording)}/audio`
}

/** Opens the live stream. */
export function socket(): Socket {
  const url = new URL(`${BASE}/stream`, window.location.href)
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  return new WebSocket(url) as unknown as Socket
}

function readMe(session: Schemas['Session']): Me {
  serverClock.set(session.server_time)
  now.value = serverClock.now()
  return {
    user: session.user,
    name: session.name,
    roles: [...session.roles],
    agent: session.agent ?? null,
    permissions: [...session.permissions],
    commitmentDue: session.commitment_due,
  }
}

function readPresence(presence: Schemas['Presence']): Presence {
  return { state: presence.state as PresenceState, reason: presence.reason ?? null }
}

export function readAgent(data: unknown): Agent {
  const agent = data as Schemas['Agent']
  return {
    agent: agent.agent,
    name: agent.name,
    seat: agent.seat ?? null,
    presence: readPresence(agent.presence),
    occupancy: agent.occupancy as Agent['occupancy'],
    since: agent.since,
    next: agent.next ? readPresence(agent.next) : null,
    interaction: agent.interaction ?? null,
    wrapupUntil: agent.wrapup_until ?? null,
    phones: agent.devices.map((phone) => ({ id: phone.device, registered: phone.registered })),
  }
}

export function readQueue(data: unknown): Queue {
  const queue = data as Schemas['Queue']
  return {
    id: queue.queue,
    name: queue.name,
    waiting: queue.waiting,
    oldestSince: queue.oldest_since ?? null,
    ready: queue.ready,
    signedIn: queue.signed_in,
  }
}

/** A call as the stream tells it (docs/API.md); the description of the API holds requests only. */
interface LiveCall {
  interaction: string
  state: string
  caller: string
  line_name: string
  queue_name: string
  agent: string | null
  offered_at: string
  queued_at: string | null
  talk_at: string | null
  recording: string | null
}

export function readCall(data: unknown): Call {
  const call = data as LiveCall
  return {
    interaction: call.interaction,
    state: call.state as Call['state'],
    caller: code('caller', call.caller),
    lineName: call.line_name,
    queueName: call.queue_name,
    agent: call.agent ?? null,
    offeredAt: call.offered_at,
    queuedAt: call.queued_at ?? null,
    talkAt: call.talk_at ?? null,
    recording: call.recording ?? null,
  }
}

export function readAlarm(data: unknown): Alarm {
  const alarm = data as Schemas['Alarm']
  return {
    id: alarm.alarm,
    title: alarm.title,
    severity: alarm.severity,
    object: alarm.object,
    raisedAt: alarm.raised_at,
    acknowledgedBy: alarm.acknowledged_by ?? null,
  }
}

export interface SnapshotData {
  agents: Agent[]
  queues: Queue[]
  calls: Call[]
  alarms: Alarm[]
}

export function readSnapshot(data: unknown): SnapshotData {
  const told = data as { agent?: unknown; agents?: unknown[]; queues?: unknown[]; calls?: unknown[]; alarms?: unknown[] }
  const own = told.agent ? [readAgent(told.agent)] : []
  return {
    agents: [...(told.agents ?? []).map(readAgent), ...own],
    queues: (told.queues ?? []).map(readQueue),
    calls: (told.calls ?? []).map(readCall),
    alarms: (told.alarms ?? []).map(readAlarm),
  }
}

function readRow(call: Schemas['Call']): CallRow {
  return {
    id: call.interaction,
    at: call.offered_at,
    caller: code('caller', call.caller),
    queueName: call.queue_name,
    outcome: call.outcome ?? null,
    waitMs: call.wait_ms ?? null,
    talkMs: call.talk_ms ?? null,
    recording: call.recording ?? null,
    ticket: call.ticket ? { id: call.ticket.id, number: call.ticket.number } : null,
  }
}

function readOrder(ticket: Schemas['Ticket']): Order {
  return {
    id: ticket.id,
    number: ticket.number,
    state: ticket.state,
    version: ticket.version,
    interaction: ticket.interaction ?? null,
    caller: code('caller', ticket.caller),
    categoryPath: ticket.category_path,
    regionPath: ticket.region_path,
    updatedAt: ticket.updated_at,
    submittedAt: ticket.submitted_at ?? null,
    fields: {
      name: ticket.name,
      appellant_kind: ticket.appellant_kind ?? '',
      contact_phone: ticket.contact_phone,
      appeal_type: ticket.appeal_type ?? '',
      category: ticket.category,
      content: ticket.content,
      urgency: ticket.urgency ?? '',
      place: (ticket.place ?? '') as Fields['place'],
      region: ticket.region,
      address: ticket.address,
    },
  }
}

function readNames(names: Schemas['ProfileNames']): Names {
  return {
    city: names.site.name,
    queues: names.queues.map(({ id, name }) => ({ id, name })),
    reasons: names.reasons.map(({ id, name }) => ({ id, name })),
    seats: names.seats.map((seat) => ({
      id: seat.id,
      label: t('web.sign_in_desk.seat_label', { id: seat.id, room: seat.room, row: seat.row }),
      device: seat.device ?? null,
    })),
    categories: names.categories.tree.map(readNode),
    regions: readRegions(names.regions.tree),
  }
}

/** Counties and districts stand on top; the city itself, where it is the only root, comes last. */
function readRegions(tree: Schemas['Entry'][]): TreeNode[] {
  const nodes = tree.map(readNode)
  const [root] = nodes
  if (nodes.length !== 1 || !root?.children) return nodes
  return [...root.children, { value: root.value, label: t('web.order.whole_city', { city: root.label }) }]
}

function readNode(entry: Schemas['Entry']): TreeNode {
  const children = (entry.children ?? []) as Schemas['Entry'][]
  return children.length > 0
    ? { value: entry.code, label: entry.name, children: children.map(readNode) }
    : { value: entry.code, label: entry.name }
}
