import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, type Ref, watch } from 'vue'
import type { Tagged } from '@/api/client'
import { useSaid } from '@/ui/said'

interface Settings<T> {
  key: string
  query: { data: Ref<Tagged<T> | undefined>; refetch: () => Promise<unknown> }
  save: (etag: string) => Promise<Tagged<T>>
  /** Fills the form with what is kept. */
  copy: () => void
  saved: () => void
}

/** A form over settings that are kept as one document: saved whole under its tag, and told when somebody else was first. */
export function useSettingsForm<T>({ key, query, save, copy, saved }: Settings<T>) {
  const queries = useQueryClient()
  const { fieldFault } = useSaid()
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: () => save(query.data.value?.etag ?? ''),
    onSuccess: (kept) => {
      queries.setQueryData([key], kept)
      copy()
      saved()
    },
  })
  const wrong = (field: string) => (error.value ? fieldFault(error.value, field) : '')
  function undo(): void {
    copy()
    reset()
  }
  /** Somebody else saved first: his settings are shown, and one's own are to be written again. */
  async function reload(): Promise<void> {
    await query.refetch()
    undo()
  }
  return { mutate, error, isPending, wrong, undo, reload, reset }
}

/** What a form holds, filled from what is kept: anew whenever that changes, unless somebody has written in it meanwhile. */
export function useCopied(kept: Ref<unknown>, fill: () => void, written: () => unknown) {
  const [filled, copied] = [ref(false), ref('')]
  const now = () => JSON.stringify(written())
  const changed = computed(() => now() !== copied.value)
  function copy(): void {
    fill()
    copied.value = now()
  }
  watch(kept, () => {
    if (!kept.value || (filled.value && changed.value)) return
    copy()
    filled.value = true
  }, { immediate: true })
  return { changed, copy }
}
