// Today's calls of the agent, newest first, and the recording that plays.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { CallRow } from '../shared/model'
import { sentence } from '../shared/problem'
import { server } from '../shared/server'

export const useCalls = defineStore('calls', () => {
  const rows = ref<CallRow[]>([])
  const cursor = ref<string | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  const failure = ref('')
  const playing = ref<CallRow>()
  let generation = 0

  /** Fetches the newest page; rows of older pages that were fetched stay. */
  async function refresh(): Promise<void> {
    const mine = (generation += 1)
    loading.value = true
    try {
      const page = await server.callsToday(null)
      if (mine !== generation) return
      const fresh = new Set(page.rows.map((row) => row.id))
      const older = cursor.value === null ? [] : rows.value.filter((row) => !fresh.has(row.id))
      const kept = older.length > 0 && page.cursor !== null
      rows.value = kept ? [...page.rows, ...older] : page.rows
      if (!kept) cursor.value = page.cursor
      failure.value = ''
      loaded.value = true
    } catch (cause) {
      if (mine === generation) failure.value = sentence(cause)
    } finally {
      if (mine === generation) loading.value = false
    }
  }

  /** Fetches the next older page. */
  async function more(): Promise<void> {
    if (cursor.value === null || loading.value) return
    const mine = (generation += 1)
    loading.value = true
    try {
      const page = await server.callsToday(cursor.value)
      if (mine !== generation) return
      const known = new Set(rows.value.map((row) => row.id))
      rows.value = [...rows.value, ...page.rows.filter((row) => !known.has(row.id))]
      cursor.value = page.cursor
      failure.value = ''
    } catch (cause) {
      if (mine === generation) failure.value = sentence(cause)
    } finally {
      if (mine === generation) loading.value = false
    }
  }

  return { rows, cursor, loading, loaded, failure, playing, refresh, more }
})
