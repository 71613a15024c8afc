// An agent's state as one word, colour and shape, from presence and occupancy.
import type { Agent } from './model'
import { code } from './texts'

/** Look of a state; each has its own colour and its own icon. */
export type Tone = 'off' | 'ready' | 'break' | 'ring' | 'talk' | 'hold' | 'wrapup'

export interface Activity {
  tone: Tone
  label: string
}

/** What to show for an agent: his work if he has any, else what he chose. */
export function activity(agent: Agent | undefined): Activity {
  if (!agent || agent.presence.state === 'offline') return { tone: 'off', label: code('presence', 'offline') }
  const work = agent.occupancy
  switch (work) {
    case 'reserved':
    case 'ringing':
      return { tone: 'ring', label: code('occupancy', work) }
    case 'talking':
      return { tone: 'talk', label: code('occupancy', work) }
    case 'holding':
      return { tone: 'hold', label: code('occupancy', work) }
    case 'wrapup':
      return { tone: 'wrapup', label: code('occupancy', work) }
    default:
      return agent.presence.state === 'ready'
        ? { tone: 'ready', label: code('presence', 'ready') }
        : { tone: 'break', label: code('presence', 'not_ready') }
  }
}
