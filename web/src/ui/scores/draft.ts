import { useQueryClient } from '@tanstack/vue-query'
import { onBeforeUnmount, ref, watch } from 'vue'
import { asProblem } from '@/api/problem'
import { answersOf, type Evaluation, keepEvaluation, publishEvaluation, type ScoreAnswer } from '@/entities/scores'

const PAUSE_MS = 700
const AGAIN_MS = 5000

/** A draft that keeps itself: what is written is sent after a short pause, one sending at a time, and again when the
 * server was away. `state`: kept, keeping, or failed, with the error. */
export function useDraft(begun: Evaluation) {
  const queries = useQueryClient()
  const [kept, answers, summary] = [ref(begun), ref<ScoreAnswer[]>(answersOf(begun)), ref(begun.summary)]
  const [state, error] = [ref<'kept' | 'keeping' | 'failed'>('kept'), ref<unknown>()]
  let [changed, timer, sending] = [false, undefined as ReturnType<typeof setTimeout> | undefined, undefined as Promise<void> | undefined]

  function soon(ms = PAUSE_MS): void {
    clearTimeout(timer)
    timer = setTimeout(() => void flush().catch(() => undefined), ms)
  }
  async function send(): Promise<void> {
    while (changed) {
      changed = false
      state.value = 'keeping'
      try {
        kept.value = await keepEvaluation(kept.value, answers.value, summary.value)
        ;[state.value, error.value] = ['kept', undefined]
      } catch (wrong) {
        ;[state.value, error.value, changed] = ['failed', wrong, true]
        if (asProblem(wrong).status === 0 || asProblem(wrong).status >= 500) soon(AGAIN_MS)
        throw wrong
      }
    }
  }
  /** Everything that was written is with the server. */
  function flush(): Promise<void> {
    clearTimeout(timer)
    sending ??= send().finally(() => (sending = undefined))
    return sending
  }
  async function publish(): Promise<Evaluation> {
    await flush()
    kept.value = await publishEvaluation(kept.value.id)
    return kept.value
  }
  /** What was not kept yet is not kept any more. */
  function discard(): void {
    clearTimeout(timer)
    changed = false
  }
  watch([answers, summary], () => ((changed = true), soon()), { deep: true })
  onBeforeUnmount(() => {
    void flush().then(() => queries.setQueryData(['evaluation', kept.value.id], kept.value)).catch(() => undefined)
  })
  return { kept, answers, summary, state, error, flush, publish, discard }
}
