// @vitest-environment node
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readTexts } from '../../build/texts'
import { KEYS } from './shortcuts'
import { code, t } from './texts'

const SOURCE = fileURLToPath(new URL('..', import.meta.url))

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return files(path)
    return /\.(ts|vue)$/.test(name) && !name.endsWith('.test.ts') && name !== 'api.ts' ? [path] : []
  })
}

function leaves(node: unknown, path: string): string[] {
  if (typeof node === 'string') return [path]
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, below]) => leaves(below, path === '' ? name : `${path}.${name}`))
}

const sources = files(SOURCE).map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const known = new Set(leaves(readTexts(), ''))
const used = new Set<string>()
for (const { text } of sources) {
  for (const match of text.matchAll(/['"`]((?:web|app|unit|error)\.[a-z_.]+[a-z])['"`]/g)) used.add(match[1] ?? '')
}
// The one family of keys that is put together from a code.
for (const { action } of KEYS) used.add(`web.help.key.${action}`)

describe('texts', () => {
  it('every key that a screen names is in the table', () => {
    expect([...used].filter((key) => !known.has(key))).toEqual([])
  })

  it('every key under [web] is used by a screen', () => {
    expect([...known].filter((key) => key.startsWith('web.') && !used.has(key))).toEqual([])
  })

  it('every vocabulary that a screen names is in the table', () => {
    const vocabularies = sources.flatMap(({ text }) => [...text.matchAll(/code\('([a-z_]+)'/g)].map((match) => match[1] ?? ''))
    const tables = new Set(Object.keys(readTexts()))
    expect(vocabularies.filter((name) => !tables.has(name))).toEqual([])
  })

  it('no screen holds a Chinese word of its own', () => {
    const han = /\p{Script=Han}/u
    const bare = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, '')
    expect(sources.filter(({ text }) => han.test(bare(text))).map(({ path }) => path)).toEqual([])
  })

  it('placeholders are filled in and unknown codes show themselves', () => {
    expect(t('web.order.saved', { at: '10:22' })).toContain('10:22')
    expect(code('outcome', 'answered')).not.toBe('answered')
    expect(code('outcome', 'from_the_future')).toBe('from_the_future')
  })
})
