// What the agent does at the desk: signs in at a seat, sets his presence, rejects, ends, finishes.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Names } from '../shared/model'
import { sentence } from '../shared/problem'
import { server } from '../shared/server'
import { useLive } from '../shared/live'

export type Command = 'sign_in' | 'sign_out' | 'presence' | 'reject' | 'end' | 'finish'

export const useDesk = defineStore('desk', () => {
  const live = useLive()
  const names = ref<Names>()
  /** The command that is under way. */
  const busy = ref<Command>()
  const failure = ref('')

  async function loadNames(): Promise<void> {
    if (!names.value) names.value = await server.names()
  }

  /** The Chinese name of a reason slug. */
  function reasonName(reason: string | null): string {
    if (reason === null) return ''
    return names.value?.reasons.find((entry) => entry.id === reason)?.name ?? reason
  }

  async function run(command: Command, work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = command
    failure.value = ''
    try {
      await work()
      return true
    } catch (cause) {
      failure.value = sentence(cause)
      return false
    } finally {
      busy.value = undefined
    }
  }

  return {
    names,
    busy,
    failure,
    loadNames,
    reasonName,
    signIn: (seat: string | null, phones: string[]) => run('sign_in', () => server.agentSignIn(seat, phones)),
    signOut: () => run('sign_out', () => server.agentSignOut()),
    ready: () => run('presence', () => server.presence('ready', null)),
    notReady: (reason: string) => run('presence', () => server.presence('not_ready', reason)),
    reject: () => run('reject', () => server.rejectOffer()),
    finish: () => run('finish', () => server.finishWrapup()),
    end: () =>
      run('end', async () => {
        const call = live.call
        if (call) await server.hangUp(call.interaction)
      }),
  }
})
