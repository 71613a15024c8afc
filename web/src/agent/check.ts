// Whether a work order may be submitted, checked before the server does, with the clause that asks for it.
//
// Source: DB1302/T 604—2025 7.1.2 a (five items) and 3.2 (six kinds). The server decides; this only answers sooner.
import type { Fields } from '../shared/model'
import type { FieldFault } from '../shared/problem'
import { code, t } from '../shared/texts'

/** Longest name, characters. */
export const NAME_MAX = 50
/** Longest number to call back, characters. */
export const PHONE_MAX = 32
/** Shortest content, characters. */
export const CONTENT_MIN = 5
/** Longest content, characters. */
export const CONTENT_MAX = 4_000
/** Longest address, characters. */
export const ADDRESS_MAX = 200

/** Characters as the server counts them: code points. */
export function characters(text: string): number {
  return [...text.trim()].length
}

/** What is missing or wrong, in the order of the form. */
export function check(fields: Fields): FieldFault[] {
  const clause = t('web.clause.items')
  const faults: FieldFault[] = []
  const missing = (field: string): void => {
    faults.push({ field, title: t('error.missing_field', { field: code('ticket_field', field) }), clause })
  }
  if (fields.name.trim() === '') missing('name')
  if (fields.contact_phone.trim() !== '' && !/^[+\d\s()-]{3,32}$/.test(fields.contact_phone.trim())) {
    faults.push({ field: 'contact_phone', title: t('web.check.phone'), clause: null })
  }
  if (fields.appeal_type === '') missing('appeal_type')
  if (fields.category === '') missing('category')
  if (fields.content.trim() === '') missing('content')
  else if (characters(fields.content) < CONTENT_MIN) {
    faults.push({ field: 'content', title: t('web.check.content_short', { min: CONTENT_MIN }), clause })
  }
  if (fields.urgency === '') missing('urgency')
  if (fields.place === 'at' && fields.region === '') missing('region')
  else if (fields.place === '') missing('place')
  return faults
}
