import { describe, expect, it } from 'vitest'
import { Problem } from './problem'

describe('problem', () => {
  it('keeps every field at fault with its clause', () => {
    const problem = Problem.from(422, {
      code: 'incomplete',
      title: 'T',
      field: 'content',
      fields: ['content', 'urgency'],
      clause: 'DB1302/T 604—2025 7.1.2 a',
    })
    expect(problem.faults.map((fault) => fault.field)).toEqual(['content', 'urgency'])
    expect(problem.faults.every((fault) => fault.clause === 'DB1302/T 604—2025 7.1.2 a')).toBe(true)
  })

  it('a single field takes the title as its fault', () => {
    const problem = Problem.from(422, { code: 'too_long', title: 'T', field: 'name', fields: [] })
    expect(problem.faults).toEqual([{ field: 'name', title: 'T', clause: null }])
  })

  it('an answer that is no problem still has words', () => {
    expect(Problem.from(502, '<html>').code).toBe('unavailable')
    expect(Problem.from(500, undefined).title).not.toBe('')
    expect(Problem.from(412, null).isConflict).toBe(true)
    expect(Problem.offline().status).toBe(0)
  })
})
