import { ref, type Ref } from 'vue'

/** What outcomes, statuses and reasons for pauses have in common. */
export interface Code {
  id: string
  code: string
  active: boolean
  position: number
}

/** The dialog over a table of codes: what it shows, for a new one nothing. */
export function useEdited<T>(): { shown: Ref<boolean>; edited: Ref<T | undefined>; edit: (item?: T) => void } {
  const [shown, edited] = [ref(false), ref<T>() as Ref<T | undefined>]
  return { shown, edited, edit: (item) => ([edited.value, shown.value] = [item, true]) }
}
