// Vite plugin: turns the project's table of Chinese texts into the module `virtual:texts`, so that no screen holds a
// Chinese word of its own. The server reads the same file.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'smol-toml'
import type { Plugin } from 'vite'

const MODULE = 'virtual:texts'
const RESOLVED = `\0${MODULE}`

/** Where the table stands. */
export const TEXTS_FILE = fileURLToPath(new URL('../../texts/zh-CN.toml', import.meta.url))

/** Reads and parses the table. */
export function readTexts(): Record<string, unknown> {
  return parse(readFileSync(TEXTS_FILE, 'utf8'))
}

export function texts(): Plugin {
  return {
    name: 'rexian-texts',
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) return undefined
      this.addWatchFile(TEXTS_FILE)
      return `export default ${JSON.stringify(readTexts())}`
    },
  }
}
