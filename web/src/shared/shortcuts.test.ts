import { describe, expect, it } from 'vitest'
import { KEYS, select, Throttle, THROTTLE_MS, type Press } from './shortcuts'

const press = (more: Partial<Press>): Press => ({
  code: '',
  key: '',
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  ...more,
})
const chord = (code: string): Press => press({ code, ctrlKey: true, shiftKey: true })

describe('shortcuts', () => {
  it('a plain letter never acts', () => {
    for (const key of KEYS) expect(select(press({ code: key.code, key: 'r' }), false)).toBeUndefined()
  })

  it('control, shift and a letter act, in a text field too', () => {
    expect(select(chord('KeyR'), true)).toEqual({ action: 'presence' })
    expect(select(chord('KeyX'), false)).toEqual({ action: 'reject' })
    expect(select(chord('Digit6'), true)).toEqual({ action: 'kind', digit: 6 })
    expect(select(chord('Digit7'), true)).toBeUndefined()
  })

  it('keys that a browser keeps for itself are not used', () => {
    for (const code of ['KeyW', 'KeyT', 'KeyN', 'KeyQ']) expect(KEYS.some((key) => key.code === code)).toBe(false)
  })

  it('a question mark asks for help unless it is typed', () => {
    const question = press({ key: '?', shiftKey: true, code: 'Slash' })
    expect(select(question, false)).toEqual({ action: 'help' })
    expect(select(question, true)).toBeUndefined()
  })

  it('a second hang-up within a second is taken for a slip, a second look at the calls is not', () => {
    const throttle = new Throttle()
    expect(throttle.allows('end', 0)).toBe(true)
    expect(throttle.allows('end', THROTTLE_MS - 1)).toBe(false)
    expect(throttle.allows('end', THROTTLE_MS)).toBe(true)
    expect(throttle.allows('calls', 0)).toBe(true)
    expect(throttle.allows('calls', 1)).toBe(true)
  })
})
