import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { http } from '@/api/client'
import type { Choices } from '@/api/types'

/** What may be chosen for a talk now: asked anew at each `moment` of it, as an administrator may have changed his mind. */
export const useOutcomeChoices = (segment: () => string, moment: () => string) =>
  useQuery({
    queryKey: computed(() => ['outcome-choices', segment(), moment()]),
    queryFn: () => http.get<Choices>(`/segments/${segment()}/outcome-choices`),
    placeholderData: keepPreviousData,
  })
