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
  }

  async function signOut(): Promise<void> {
    try {
      await server.signOut()
    } finally {
      me.value = undefined
      expired.value = false
    }
  }

  function lost(): void {
    if (!me.value) return
    me.value = undefined
    expired.value = true
  }

  function may(permission: string): boolean {
    return me.value?.permissions.includes(permission) ?? false
  }

  return { me, asked, expired, isAgent, ask, signIn, signOut, lost, may }
})
