import { ref, type Ref } from 'vue'
import type { NextStep } from '@/api/types'

/** What an agent says of a talk, field by field, as he writes it. */
export interface Written {
  outcome: Ref<string | null>
  comment: Ref<string>
  extras: Ref<string[]>
  card: Ref<Record<string, string>>
  step: Ref<NextStep | undefined>
}

export const unwritten = (): Written => ({ outcome: ref(null), comment: ref(''), extras: ref([]), card: ref({}), step: ref() })
