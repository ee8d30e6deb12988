import { computed, onBeforeUnmount, ref, watch } from 'vue'
import { asProblem } from '@/api/problem'
import type { DraftBody, Segment } from '@/api/types'
import { keepDraft } from '@/entities/calls'
import { useSession } from '@/entities/session'
import { unwritten } from '@/ui/outcome/written'

const PAUSE_MS = 350

/** An outcome on which somebody writes, as the server has it. */
export interface Half {
  id: string
  draft: DraftBody
  outcome_state: Segment['outcome_state']
  local_time_zone?: string | null
}

/** Two that say the same are the same text, whoever wrote them down: the server trims and drops what is empty. */
function texted({ outcome, comment, extras, card, next_step: step }: DraftBody): string {
  const filled = Object.entries(card ?? {}).map(([field, text]) => [field, text.trim()]).filter(([, text]) => text)
  const due = step && [Date.parse(step.due_at), step.by_me ?? true]
  return JSON.stringify([outcome || null, comment?.trim() ?? '', extras ?? [], filled.sort(), due ?? null])
}

/** The outcome as it is being written: kept on the server, so that reload, crash and second tab show it again. */
export function useDraft(half: () => Half) {
  const { me } = useSession()
  const written = unwritten()
  const { outcome, comment, extras, card, step } = written
  const [state, taken] = [ref<'clean' | 'saving' | 'kept' | 'failed'>('clean'), ref(0)]
  let timer: ReturnType<typeof setTimeout> | undefined
  let wanted = false
  const draft = computed<DraftBody>(() => ({
    outcome: outcome.value, comment: comment.value, extras: extras.value, card: card.value,
    next_step: step.value ? { due_at: step.value.due_at, by_me: step.value.assignee_id !== null } : null,
  }))
  const text = computed(() => texted(draft.value))

  /** `taken` counts what an agent had decided himself: nothing is proposed to him again, also not what he took back. */
  function take({ draft: theirs, outcome_state: state, local_time_zone: zone }: Half): void {
    const due = theirs.next_step
    ;[outcome.value, comment.value] = [theirs.outcome ?? null, theirs.comment ?? '']
    ;[extras.value, card.value] = [[...(theirs.extras ?? [])], { ...theirs.card }]
    step.value = due ? { due_at: due.due_at, zone: zone ?? '', remind_at: due.due_at, assignee_id: due.by_me === false ? null : (me.value?.id ?? null) } : undefined
    if (due || (theirs.outcome && state !== 'draft')) taken.value++
  }
  take(half())
  let mine = text.value

  async function keep(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (!wanted) return
    wanted = false
    mine = text.value
    state.value = 'saving'
    try {
      await keepDraft(half().id, draft.value)
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
  watch(text, (now) => now !== mine && changed())

  // A draft from another tab is taken over unless this tab has something newer on its way.
  watch(
    () => texted(half().draft),
    (theirs) => {
      if (wanted || timer || theirs === mine || theirs === text.value) return
      take(half())
      mine = text.value
    },
  )
  onBeforeUnmount(() => void keep())

  return {
    written, state, taken, changed,
    drop: () => {
      clearTimeout(timer)
      ;[timer, wanted] = [undefined, false]
    },
  }
}
