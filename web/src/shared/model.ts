// What the screens show, in their own words. `server.ts` makes these values from the API's answers.

export type PresenceState = 'offline' | 'ready' | 'not_ready'
export type Occupancy = 'idle' | 'reserved' | 'ringing' | 'talking' | 'holding' | 'wrapup'
export type CallState = 'setup' | 'ivr' | 'queued' | 'ringing' | 'talking' | 'held'

export interface Presence {
  state: PresenceState
  /** Reason slug while not ready. */
  reason: string | null
}

export interface Me {
  user: string
  name: string
  roles: string[]
  /** 工号, if the account works as an agent. */
  agent: string | null
  permissions: string[]
  /** Whether the secrecy commitment is to be signed before anything else. */
  commitmentDue: boolean
}

/** The secrecy commitment (保密承诺). */
export interface Commitment {
  version: number
  title: string
  paragraphs: string[]
  sha256: string
}

export interface Phone {
  id: string
  registered: boolean
}

export interface Agent {
  agent: string
  name: string
  seat: string | null
  presence: Presence
  occupancy: Occupancy
  since: string
  next: Presence | null
  interaction: string | null
  wrapupUntil: string | null
  phones: Phone[]
}

export interface Queue {
  id: string
  name: string
  waiting: number
  oldestSince: string | null
  ready: number
  signedIn: number
}

export interface Call {
  interaction: string
  state: CallState
  /** As this reader may see it: whole on his own call, else masked. */
  caller: string
  lineName: string
  queueName: string
  agent: string | null
  offeredAt: string
  queuedAt: string | null
  talkAt: string | null
  recording: string | null
}

export interface Alarm {
  id: string
  title: string
  severity: string
  object: string
  raisedAt: string
  acknowledgedBy: string | null
}

/** A finished or running call in the list of today. */
export interface CallRow {
  id: string
  at: string
  caller: string
  queueName: string
  outcome: string | null
  waitMs: number | null
  talkMs: number | null
  recording: string | null
  ticket: { id: string; number: string } | null
}

/** A citizen who called today and reached nobody. */
export interface MissedCall {
  id: string
  caller: string
  count: number
  lastAt: string
  longestWaitMs: number
  queueName: string
  attempts: number
}

/** A node of the event types or regions, as the cascader takes it. */
export type TreeNode = {
  value: string
  label: string
  children?: TreeNode[]
}

export interface Named {
  id: string
  name: string
}

export interface Seat {
  id: string
  label: string
  device: string | null
}

/** Names and lists the screens choose from. */
export interface Names {
  city: string
  queues: Named[]
  reasons: Named[]
  seats: Seat[]
  categories: TreeNode[]
  regions: TreeNode[]
}

/** The fields an agent fills in; empty text is "not filled in". */
export interface Fields {
  name: string
  appellant_kind: string
  contact_phone: string
  appeal_type: string
  category: string
  content: string
  urgency: string
  place: '' | 'none' | 'at'
  region: string
  address: string
}

export interface Order {
  id: string
  number: string
  state: string
  version: number
  interaction: string | null
  /** As this reader may see it. */
  caller: string
  categoryPath: string
  regionPath: string
  fields: Fields
  updatedAt: string
  submittedAt: string | null
}

export const APPEAL_TYPES = ['consult', 'help', 'complaint', 'report', 'praise', 'suggestion'] as const
export const URGENCIES = ['normal', 'urgent', 'critical'] as const
export const APPELLANT_KINDS = ['person', 'legal_person', 'organization'] as const

/** Reasons the program sets itself; nobody chooses them. */
export const SYSTEM_REASONS: readonly string[] = ['login', 'rona', 'rejects', 'device']

export function emptyFields(): Fields {
  return {
    name: '',
    appellant_kind: '',
    contact_phone: '',
    appeal_type: '',
    category: '',
    content: '',
    urgency: '',
    place: '',
    region: '',
    address: '',
  }
}
