import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { Hiding as HidingBody, HidingAnswer, PatternRule, SampleAnswer } from '@/api/generated'

export type Hiding = Required<HidingBody>
export type Pattern = PatternRule
export const ORIGINALS = ['keep', 'replace'] as const
export const UNHEARD = ['play', 'wait'] as const
export const MOST_PATTERNS = 50
const LOOKING_MS = 2000

const looking = (found?: HidingAnswer) => Boolean(found?.again.began_at && !found.again.finished_at)

/** What is hidden, with the tag that a change has to bear. While the server looks through what is kept it is asked again. */
export const useHiding = () =>
  useQuery({
    queryKey: ['hiding'],
    queryFn: () => http.getTagged<HidingAnswer>('/privacy/hiding'),
    refetchInterval: (query) => (looking(query.state.data?.data) ? LOOKING_MS : false),
  })
export const saveHiding = (hiding: Hiding, etag: string) => http.putTagged<HidingAnswer>('/privacy/hiding', hiding, etag)
export const lookAgain = () => http.post<HidingAnswer>('/privacy/hiding/again', {})
export const trySample = (text: string, patterns: Pattern[]) => http.post<SampleAnswer>('/privacy/hiding/sample', { text, patterns })
