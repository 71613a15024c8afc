// The screens' words. Every Chinese word on a screen comes from the project's table through `t` or `code`; a test
// finds keys that are missing and keys of [web] that nobody uses.
import table from 'virtual:texts'

function find(key: string): string | undefined {
  let node: unknown = table
  for (const part of key.split('.')) {
    if (typeof node !== 'object' || node === null) return undefined
    node = (node as Record<string, unknown>)[part]
  }
  return typeof node === 'string' ? node : undefined
}

/** The text under `key`, its `{placeholders}` filled in. A missing key shows itself. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const text = find(key) ?? key
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}

/** The text for a code of one vocabulary. An unknown code is shown as it is: enums are open for readers. */
export function code(vocabulary: string, value: string): string {
  return find(`${vocabulary}.${value}`) ?? value
}
