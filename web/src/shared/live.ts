// The live picture on this screen: agents, queues, calls and alarms as the stream tells them.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { serverClock } from './clock'
import type { Agent, Alarm, Call, Queue } from './model'
import { readAgent, readAlarm, readCall, readQueue, readSnapshot, socket } from './server'
import { useSession } from './session'
import { CLOSE_REPLACED, LiveStream, type StreamState } from './stream'

export const useLive = defineStore('live', () => {
  const session = useSession()
  const state = ref<StreamState>('closed')
  const agents = ref(new Map<string, Agent>())
  const queues = ref(new Map<string, Queue>())
  const calls = ref(new Map<string, Call>())
  const alarms = ref(new Map<string, Alarm>())
  /** Counts hints that stored things changed: finished calls and work orders. */
  const stored = ref(0)

  const stream = new LiveStream(socket, {
    state: (next) => {
      state.value = next
    },
    hello: (serverTime) => serverClock.set(serverTime),
    snapshot,
    change,
    signedOut: (code) => session.lost(code === CLOSE_REPLACED),
  })

  /** The own agent. */
  const own = computed(() => {
    const id = session.me?.agent
    return id ? agents.value.get(id) : undefined
  })

  /** The call that rings or talks at the own desk. */
  const call = computed(() => {
    const interaction = own.value?.interaction
    return interaction ? calls.value.get(interaction) : undefined
  })

  const openAlarms = computed(() => [...alarms.value.values()])

  function snapshot(data: unknown): void {
    const told = readSnapshot(data)
    agents.value = new Map(told.agents.map((agent) => [agent.agent, agent]))
    queues.value = new Map(told.queues.map((queue) => [queue.id, queue]))
    calls.value = new Map(told.calls.map((one) => [one.interaction, one]))
    alarms.value = new Map(told.alarms.map((alarm) => [alarm.id, alarm]))
    stored.value += 1
  }

  function change(type: string, data: unknown): void {
    switch (type) {
      case 'agent': {
        const agent = readAgent(data)
        agents.value.set(agent.agent, agent)
        break
      }
      case 'queue': {
        const queue = readQueue(data)
        queues.value.set(queue.id, queue)
        break
      }
      case 'call': {
        const one = readCall(data)
        calls.value.set(one.interaction, one)
        break
      }
      case 'call_gone':
        calls.value.delete((data as { interaction: string }).interaction)
        stored.value += 1
        break
      case 'alarms':
        alarms.value = new Map((data as unknown[]).map(readAlarm).map((alarm) => [alarm.id, alarm]))
        break
      default:
        // A newer server tells more than this screen knows.
        break
    }
  }

  return {
    state,
    agents,
    queues,
    calls,
    openAlarms,
    stored,
    own,
    call,
    snapshot,
    change,
    open: () => stream.open(),
    close: () => stream.close(),
    hurry: () => stream.hurry(),
  }
})
