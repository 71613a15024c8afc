// Who is signed in on this screen.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { Me } from './model'
import { Problem } from './problem'
import { server } from './server'

export const useSession = defineStore('session', () => {
  const me = ref<Me>()
  /** Whether the server has been asked once. */
  const asked = ref(false)
  /** The session ended without the user's doing. */
  const expired = ref(false)
  /** It ended because the account signed in elsewhere. */
  const replaced = ref(false)

  const isAgent = computed(() => Boolean(me.value?.agent))

  async function ask(): Promise<void> {
    try {
      me.value = await server.me()
    } catch (cause) {
      if (!(cause instanceof Problem) || cause.status !== 401) throw cause
      me.value = undefined
    } finally {
      asked.value = true
    }
  }

  async function signIn(user: string, password: string): Promise<void> {
    me.value = await server.signIn(user, password)
    asked.value = true
    expired.value = false
    replaced.value = false
  }

  /** The secrecy commitment is signed. */
  function committed(): void {
    if (me.value) me.value = { ...me.value, commitmentDue: false }
  }

  async function signOut(): Promise<void> {
    try {
      await server.signOut()
    } finally {
      me.value = undefined
      expired.value = false
    }
  }

  function lost(elsewhere = false): void {
    if (!me.value) return
    replaced.value = elsewhere
    expired.value = true
    me.value = undefined
  }

  function may(permission: string): boolean {
    return me.value?.permissions.includes(permission) ?? false
  }

  return { me, asked, expired, replaced, isAgent, ask, signIn, committed, signOut, lost, may }
})
