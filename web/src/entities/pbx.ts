import { useQuery } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, computed, toValue } from 'vue'
import { http } from '@/api/client'
import type { Dialling, DiallingPolicy, Did, MapRule, Pbx, PbxQueue, Pbxs, Preview, SeenPeer, Station, Survey } from '@/api/types'

/** What an administrator may say a channel is. */
export const RULE_KINDS = ['trunk', 'device', 'inter_office', 'service'] as const
const REFRESH_MS = 15_000

/** What is said of a PBX and saved together. */
export interface MapDocument {
  map: MapRule[]
  extensions: Station[]
  dids: Did[]
}

const at = (name: string, path: string) => `/pbx/${encodeURIComponent(name)}/${path}`

export const usePbxs = () =>
  useQuery({ queryKey: ['pbx'], queryFn: () => http.get<Pbxs>('/pbx').then((page) => page.items), refetchInterval: REFRESH_MS })

export const useSurvey = (name: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['pbx', computed(() => toValue(name)), 'survey'],
    queryFn: () => http.get<Survey>(at(toValue(name), 'survey')),
    refetchInterval: (query) => (query.state.data?.at ? false : REFRESH_MS),
  })

export const useSeenPeers = (name: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['pbx', computed(() => toValue(name)), 'channels'],
    queryFn: () => http.get<{ items: SeenPeer[] }>(at(toValue(name), 'channels')).then((page) => page.items),
    refetchInterval: REFRESH_MS,
  })

export const usePbxQueues = (name: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: ['pbx', computed(() => toValue(name)), 'queues'],
    queryFn: () => http.get<{ items: PbxQueue[] }>(at(toValue(name), 'queues')).then((page) => page.items),
  })

export const askAgain = (name: string) => http.post<Survey>(at(name, 'survey'))
export const preview = (name: string, map: MapRule[]) => http.post<Preview>(at(name, 'map/preview'), { map })
export const saveMap = (name: string, said: MapDocument, version: number) =>
  http.putTagged<Pbx>(at(name, 'map'), said, `"${version}"`).then((saved) => saved.data)
export const changeQueue = (queue: PbxQueue, patch: Pick<PbxQueue, 'label' | 'service_level_s' | 'speech'>) =>
  http.patchTagged<PbxQueue>(at(queue.pbx, `queues/${queue.id}`), patch, `"${queue.version}"`)

export type OutgoingRules = Required<Dialling>
export const DIALLING_DEFAULTS: OutgoingRules = { shown: '', trunk: '', context: 'callcenter-dial', ring_s: 25 }
export const readDialling = () => http.get<DiallingPolicy>('/dialling')
/** The others' rules are read just before, so that they stay. */
export async function saveDialling(pbx: string, rules: OutgoingRules): Promise<DiallingPolicy> {
  const { pbx: all } = await readDialling()
  return http.put<DiallingPolicy>('/dialling', { pbx: { ...all, [pbx]: rules } })
}
