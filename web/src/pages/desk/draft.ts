import { computed, onBeforeUnmount, ref, watch } from 'vue'
import { asProblem } from '@/api/problem'
import type { Pop } from '@/api/types'
import { keepDraft } from '@/entities/calls'

const PAUSE_MS = 350

/** The outcome as it is being written: kept on the server, so that reload, crash and second tab show it again. */
export function useDraft(pop: () => Pop) {
  const outcome = ref(pop().draft.outcome ?? null)
  const comment = ref(pop().draft.comment ?? '')
  const state = ref<'clean' | 'saving' | 'kept' | 'failed'>('clean')
  let timer: ReturnType<typeof setTimeout> | undefined
  let mine = ''
  let wanted = false
  const text = computed(() => JSON.stringify([outcome.value, comment.value]))

  async function keep(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (!wanted) return
    wanted = false
    mine = text.value
    state.value = 'saving'
    try {
      await keepDraft(pop().id, outcome.value, comment.value)
      state.value = 'kept'
    } catch (error) {
      // An outcome that was saved meanwhile needs no draft any more.
      state.value = asProblem(error).status === 409 ? 'clean' : 'failed'
      if (asProblem(error).unreachable) {
        wanted = true
        timer = setTimeout(() => void keep(), PAUSE_MS * 10)
      }
    }
  }

  function changed(): void {
    wanted = true
    state.value = 'saving'
    clearTimeout(timer)
    timer = setTimeout(() => void keep(), PAUSE_MS)
  }

  // A draft from another tab is taken over unless this tab has something newer on its way.
  watch(
    () => JSON.stringify([pop().draft.outcome, pop().draft.comment]),
    (theirs) => {
      if (wanted || timer || theirs === mine || theirs === text.value) return
      ;[outcome.value, comment.value] = [pop().draft.outcome ?? null, pop().draft.comment ?? '']
    },
  )
  onBeforeUnmount(() => void keep())

  return {
    outcome, comment, state, changed,
    drop: () => {
      clearTimeout(timer)
      ;[timer, wanted] = [undefined, false]
    },
  }
}
