import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { address, http } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { CommentAnswer, Comments, PeaksAnswer, RecordingFileAnswer, SpeechAnswer, TranscriptAnswer } from '@/api/generated'

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

/** What was said. While the server still listens it is asked again. */
export function useTranscript(recording: MaybeRefOrGetter<string>, wanted: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => ['transcript', toValue(recording)]),
    queryFn: () => http.get<TranscriptAnswer>(`/recordings/${toValue(recording)}/transcript`),
    enabled: computed(() => toValue(wanted)),
    refetchInterval: (query) => (query.state.data?.state === 'waiting' ? WAITING_MS : false),
  })
}

const HELD = ['recording_muting', 'recording_unheard']
/** Why it cannot be played yet, though soon: a code, or nothing. */
export function heldBack(error: unknown): string {
  const code = error ? asProblem(error).code : ''
  return HELD.includes(code) ? code : ''
}

/** The outline of what is played, and the version of its bytes. */
export function usePeaks(recording: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['peaks', toValue(recording)]),
    queryFn: () => http.get<PeaksAnswer>(`/recordings/${toValue(recording)}/peaks`),
    staleTime: Infinity,
    retry: false,
    refetchInterval: (query) => (heldBack(query.state.error) ? WAITING_MS : false),
  })
}

/** Has it heard anew. */
export function useHearAgain(recording: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => http.post<TranscriptAnswer>(`/recordings/${toValue(recording)}/transcript/again`, {}),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['transcript', toValue(recording)] }),
  })
}

export function useComments(recording: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['comments', toValue(recording)]),
    queryFn: async () => (await http.get<Comments>(`/recordings/${toValue(recording)}/comments`)).items,
  })
}

export function useCommenting(recording: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['comments', toValue(recording)] })
  const path = () => `/recordings/${toValue(recording)}/comments`
  const say = useMutation({ mutationFn: (said: { at_s: number; text: string }) => http.post<Comment>(path(), said), onSuccess })
  const takeBack = useMutation({ mutationFn: (comment: string) => http.delete(`${path()}/${comment}`), onSuccess })
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
