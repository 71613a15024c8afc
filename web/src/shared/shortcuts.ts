// Keys of the desk: one map, Ctrl+Shift+…; `?` lists it. Plain letters never act, so that typing is safe.
//
// Not here: W and T, which a browser takes for itself (close window, reopen tab) and does not let a page keep.
import { onBeforeUnmount, onMounted } from 'vue'

/** What a key can do. */
export type Action =
  | 'presence'
  | 'reject'
  | 'end'
  | 'finish'
  | 'submit'
  | 'content'
  | 'calls'
  | 'kind'
  | 'help'

/** The map, in the order of the help page. `code` is the key by place, so that an input method changes nothing. */
export const KEYS: readonly { action: Action; code: string; label: string }[] = [
  { action: 'presence', code: 'KeyR', label: 'R' },
  { action: 'reject', code: 'KeyX', label: 'X' },
  { action: 'end', code: 'KeyE', label: 'E' },
  { action: 'finish', code: 'KeyF', label: 'F' },
  { action: 'content', code: 'KeyD', label: 'D' },
  { action: 'kind', code: 'Digit1', label: '1–6' },
  { action: 'submit', code: 'KeyS', label: 'S' },
  { action: 'calls', code: 'KeyL', label: 'L' },
]

/** Actions that end something: a second press within a second is taken for a slip. */
const DESTRUCTIVE: readonly Action[] = ['reject', 'end', 'finish', 'submit']
/** How long such a slip is ignored, milliseconds. */
export const THROTTLE_MS = 1_000

/** What of a key press matters. */
export interface Press {
  code: string
  key: string
  ctrlKey: boolean
  shiftKey: boolean
  altKey: boolean
  metaKey: boolean
  repeat: boolean
}

/** The action of a key press and its digit, if it is one of ours. */
export function select(press: Press, inTextField: boolean): { action: Action; digit?: number } | undefined {
  if (press.altKey || press.metaKey) return undefined
  if (!press.ctrlKey) return press.key === '?' && !inTextField ? { action: 'help' } : undefined
  if (!press.shiftKey || press.repeat) return undefined
  const digit = /^Digit([1-6])$/.exec(press.code)?.[1]
  if (digit) return { action: 'kind', digit: Number(digit) }
  const key = KEYS.find((entry) => entry.code === press.code)
  return key ? { action: key.action } : undefined
}

/** Lets an action through, unless it ends something and came a moment ago. */
export class Throttle {
  private readonly last = new Map<Action, number>()

  allows(action: Action, at: number): boolean {
    const before = this.last.get(action)
    if (DESTRUCTIVE.includes(action) && before !== undefined && at - before < THROTTLE_MS) return false
    this.last.set(action, at)
    return true
  }
}

/** Whether keys typed now are text. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  return target instanceof HTMLInputElement && !['radio', 'checkbox', 'button', 'range'].includes(target.type)
}

/** Listens while the component stands. */
export function useShortcuts(run: (action: Action, digit?: number) => void): void {
  const throttle = new Throttle()
  const listen = (event: KeyboardEvent): void => {
    const chosen = select(event, isTextField(event.target))
    if (!chosen) return
    event.preventDefault()
    if (throttle.allows(chosen.action, event.timeStamp)) run(chosen.action, chosen.digit)
  }
  onMounted(() => window.addEventListener('keydown', listen))
  onBeforeUnmount(() => window.removeEventListener('keydown', listen))
}
