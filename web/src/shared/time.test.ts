import { describe, expect, it } from 'vitest'
import { secondsSince, secondsUntil, ServerClock } from './clock'
import { grouped, length, timer, timeOfDay } from './format'

describe('server clock', () => {
  it('follows the server whatever the clock of the desk says', () => {
    let counted = 1_000
    const clock = new ServerClock(
      () => counted,
      () => Date.parse('2020-01-01T00:00:00Z'),
    )
    expect(clock.now()).toBe(Date.parse('2020-01-01T00:00:00Z'))
    clock.set('2026-11-24T02:00:00.500Z')
    counted += 2_500
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-24T02:00:03.000Z')
  })

  it('ignores a time that is none', () => {
    const clock = new ServerClock(
      () => 0,
      () => 42,
    )
    clock.set('soon')
    expect(clock.now()).toBe(42)
  })

  it('reads microseconds as the server writes them', () => {
    expect(secondsSince('2026-11-24T02:10:22.123456Z', Date.parse('2026-11-24T02:10:30.200Z'))).toBe(8)
  })
})

describe('timers', () => {
  const at = Date.parse('2026-11-24T02:00:10Z')

  it('are never negative', () => {
    expect(secondsSince('2026-11-24T02:00:11Z', at)).toBe(0)
    expect(secondsUntil('2026-11-24T02:00:09Z', at)).toBe(0)
    expect(timer(-3)).toBe('0:00')
  })

  it('count up and down in whole seconds', () => {
    expect(secondsSince('2026-11-24T02:00:00.400Z', at)).toBe(9)
    expect(secondsUntil('2026-11-24T02:00:39.600Z', at)).toBe(30)
  })

  it('without an instant stand at nought', () => {
    expect(secondsSince(null, at)).toBe(0)
    expect(secondsUntil(undefined, at)).toBe(0)
  })

  it('are written as people read them', () => {
    expect([7, 65, 3_723].map(timer)).toEqual(['0:07', '1:05', '1:02:03'])
    expect(length(59_400)).toMatch(/^59/)
    expect(length(185_000)).toMatch(/^3\D+05/)
    expect(timeOfDay('2026-11-24T02:10:22Z')).toBe('10:10:22')
  })
})

describe('numbers', () => {
  it('mobile numbers are grouped for reading back, others stay', () => {
    expect(grouped('+8613812345678')).toBe('138 1234 5678')
    expect(grouped('13812345678')).toBe('138 1234 5678')
    expect(grouped('138****5678')).toBe('138****5678')
    expect(grouped('+863152345678')).toBe('3152345678')
  })
})
