// What the server says when it refuses, as people read it.
import { code, t } from './texts'

export interface FieldFault {
  field: string
  title: string
  clause: string | null
}

/** A refusal (application/problem+json), or a connection that failed (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly faults: FieldFault[] = [],
  ) {
    super(`${status} ${code}`)
    this.name = 'Problem'
  }

  /** Reads the answer of a refused request. */
  static from(status: number, body: unknown): Problem {
    const told = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
    const stable = text(told['code']) ?? fallbackCode(status)
    const title = text(told['title']) ?? code('error', stable)
    return new Problem(status, stable, title, faults(told, title))
  }

  static offline(): Problem {
    return new Problem(0, 'offline', t('web.error.offline'))
  }

  /** Somebody else changed the row. */
  get isConflict(): boolean {
    return this.status === 409 || this.status === 412
  }
}

/** The sentence to show for any failure. */
export function sentence(cause: unknown): string {
  return cause instanceof Problem ? cause.title : t('error.internal')
}

function faults(told: Record<string, unknown>, title: string): FieldFault[] {
  const clause = text(told['clause']) ?? null
  const listed = Array.isArray(told['fields']) ? told['fields'] : Array.isArray(told['errors']) ? told['errors'] : []
  const each = listed.flatMap((item): FieldFault[] => {
    if (typeof item === 'string') return [{ field: item, title: missing(item), clause }]
    if (typeof item !== 'object' || item === null) return []
    const fault = item as Record<string, unknown>
    const field = text(fault['field'])
    if (!field) return []
    return [{ field, title: text(fault['title']) ?? missing(field), clause: text(fault['clause']) ?? clause }]
  })
  const field = text(told['field'])
  if (field && !each.some((fault) => fault.field === field)) each.push({ field, title, clause })
  return each
}

function missing(field: string): string {
  return t('error.missing_field', { field: code('ticket_field', field) })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function fallbackCode(status: number): string {
  switch (status) {
    case 401:
      return 'not_signed_in'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 409:
    case 412:
      return 'conflict'
    case 422:
    case 400:
      return 'invalid'
    case 429:
      return 'too_many_attempts'
    case 502:
    case 503:
    case 504:
      return 'unavailable'
    default:
      return 'internal'
  }
}
