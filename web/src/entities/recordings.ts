import { useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { address, http } from '@/api/client'
import { asProblem } from '@/api/problem'
import { moments } from './calls'
import type { CommentAnswer, Comments, CourseAnswer, PeaksAnswer, RecordingFileAnswer, RecordingPage, SpeechAnswer, TranscriptAnswer } from '@/api/generated'

export type Comment = CommentAnswer
export type Stretch = [from: number, to: number]
const WAITING_MS = 5000

export function useRecording(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['recording', toValue(id)]),
    queryFn: () => http.get<RecordingFileAnswer>(`/recordings/${toValue(id)}`),
    refetchInterval: (query) => (['recording', 'waiting'].includes(query.state.data?.state ?? '') ? WAITING_MS : false),
  })
}

/** The speech models that are installed, and what waits for them. */
export const useSpeech = () => useQuery({ queryKey: ['speech'], queryFn: () => http.get<SpeechAnswer>('/speech') })

const transcriptOf = (recording: string, enabled: boolean) => ({
  queryKey: ['transcript', recording],
  queryFn: () => http.get<TranscriptAnswer>(`/recordings/${recording}/transcript`),
  enabled,
  refetchInterval: (query: { state: { data?: TranscriptAnswer | undefined } }) => (query.state.data?.state === 'waiting' ? WAITING_MS : false) as number | false,
})
/** What was said. While the server still listens it is asked again. */
export const useTranscripts = (recordings: MaybeRefOrGetter<readonly string[]>, wanted: MaybeRefOrGetter<boolean>) =>
  useQueries({ queries: computed(() => toValue(recordings).map((one) => transcriptOf(one, toValue(wanted)))) })

const HELD = ['recording_muting', 'recording_unheard']
/** Why it cannot be played yet, though soon: a code, or nothing. */
export function heldBack(error: unknown): string {
  const code = error ? asProblem(error).code : ''
  return HELD.includes(code) ? code : ''
}

const peaksOf = (recording: string) => ({
  queryKey: ['peaks', recording],
  queryFn: () => http.get<PeaksAnswer>(`/recordings/${recording}/peaks`),
  staleTime: Infinity,
  retry: false,
  refetchInterval: (query: { state: { error: unknown } }) => (heldBack(query.state.error) ? WAITING_MS : false),
})
/** The outlines of what is played, and the versions of their bytes. */
export const usePeaks = (recordings: MaybeRefOrGetter<readonly string[]>) => useQueries({ queries: computed(() => toValue(recordings).map(peaksOf)) })

/** How the recordings of a call follow each other. */
export const useCourse = (call: MaybeRefOrGetter<string | undefined>) =>
  useQuery({
    queryKey: computed(() => ['course', toValue(call)]),
    queryFn: () => http.get<CourseAnswer>(`/calls/${toValue(call)}/course`),
    enabled: computed(() => Boolean(toValue(call))),
  })
export const archiveAddress = (call: string) => address(`/calls/${call}/recordings.zip`)

/** Has it heard anew. */
export function useHearAgain(recordings: MaybeRefOrGetter<readonly string[]>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => Promise.all(toValue(recordings).map((one) => http.post<TranscriptAnswer>(`/recordings/${one}/transcript/again`, {}))),
    onSettled: () => queries.invalidateQueries({ queryKey: ['transcript'] }),
  })
}

/** A comment with the recording it was pinned to. */
export type Pinned = Comment & { recording: string }
export const useComments = (recordings: MaybeRefOrGetter<readonly string[]>) =>
  useQuery({
    queryKey: computed(() => ['comments', ...toValue(recordings)]),
    queryFn: async (): Promise<Pinned[]> => (await Promise.all(toValue(recordings).map(commentsOf))).flat(),
  })
const commentsOf = async (recording: string) => (await http.get<Comments>(`/recordings/${recording}/comments`)).items.map((one) => ({ ...one, recording }))

export function useCommenting() {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['comments'] })
  const path = (recording: string) => `/recordings/${recording}/comments`
  const say = useMutation({ mutationFn: ({ recording, ...said }: { recording: string; at_s: number; text: string }) => http.post<Comment>(path(recording), said), onSuccess })
  const takeBack = useMutation({ mutationFn: (comment: Pinned) => http.delete(`${path(comment.recording)}/${comment.id}`), onSuccess })
  return { say, takeBack }
}

/** Tells which part was heard, also while the page goes away; whether the server has it. */
export async function tellHeard(recording: string, stretches: Stretch[]): Promise<boolean> {
  const body = JSON.stringify({ stretches: stretches.map(([from_s, to_s]) => ({ from_s, to_s })) })
  const headers = { 'Content-Type': 'application/json', 'X-Requested-With': 'callcenter' }
  try {
    return (await fetch(address(`/recordings/${recording}/heard`), { method: 'POST', keepalive: true, credentials: 'same-origin', headers, body })).ok
  } catch {
    return false
  }
}

/** Under a version the bytes never change. */
export const audioAddress = (recording: string, version = '') => address(`/recordings/${recording}/audio`, version ? { v: version } : {})
export const downloadAddress = (recording: string) => address(`/recordings/${recording}/audio`, { download: 1 })

export const RECORDING_FILTERS = ['agent', 'queue', 'pbx', 'direction', 'transcript', 'fault', 'min_s', 'from', 'to'] as const
export type RecordingFilter = Partial<Record<(typeof RECORDING_FILTERS)[number], string>>
/** What one may hear, the newest first. */
export const useRecordings = (filter: MaybeRefOrGetter<RecordingFilter>) =>
  useInfiniteQuery({
    queryKey: computed(() => ['recordings', toValue(filter)]),
    queryFn: ({ pageParam, signal }) => http.get<RecordingPage>('/recordings', { ...moments(toValue(filter)), cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: RecordingPage) => last.next_cursor,
  })
