import { computed, reactive, readonly, ref, shallowRef } from 'vue'
import { http } from '@/api/client'
import type { Board, Floor, Pop } from '@/api/types'
import { foldFloor } from './floor'
import { firstOwed, fold, logged, NOTHING, owed, type Live, type Message, type WithdrawReason } from './fold'
import { standForLeader, stepDown } from './leader'
import { popOpener, typing } from './opener'
import { Socket } from './socket'

export interface Gone {
  pop: Pop
  reason: WithdrawReason | 'optional'
  by: string | null
}

type Ended = 'signed_out' | 'outdated'

const live = shallowRef<Live>(NOTHING)
const link = reactive({ state: 'connecting' as 'connecting' | 'live' | 'lost', since: Date.now(), heardAt: 0 })
const openId = ref<string>()
const besideId = ref<string>()
const gone = shallowRef<Gone>()
const floor = shallowRef<Floor>()
const taken = shallowRef<{ extension: string; by: string }>()
let watchesFloor = false
const receivedAt = new Map<string, number>()
const offeredHooks = new Set<(pop: Pop) => void>()
const openHooks = new Set<() => void>()
const newsHooks = new Set<(message: Message) => void>()
const endHooks = new Set<(why: Ended) => void>()

const board = computed(() => live.value.board)
const pops = computed(() => live.value.board?.pops ?? [])
const debts = computed(() => owed(live.value.board))
const openPop = computed(() => pops.value.find((pop) => pop.id === openId.value))
const beside = computed(() => pops.value.find((pop) => pop.id === besideId.value && pop.id !== openId.value))

const opener = popOpener({
  open: (pop) => open(pop.id),
  busy: () => typing() || openPop.value?.phase === 'talking' || debts.value.length > 0,
})

const socket = new Socket({
  message: receive,
  up: () => {
    Object.assign(link, { state: 'live', since: Date.now() })
    if (watchesFloor) socket.send({ type: 'subscribe', topic: 'floor', changes: true })
  },
  down: () => {
    if (link.state !== 'lost') Object.assign(link, { state: 'lost', since: link.heardAt || Date.now() })
  },
  signedOut: () => endHooks.forEach((hook) => hook('signed_out')),
  outdated: () => endHooks.forEach((hook) => hook('outdated')),
})

function receive(message: Message, at: number): void {
  link.heardAt = Date.now()
  const before = live.value
  live.value = fold(before, message)
  if (live.value.gap) {
    if (!before.gap) socket.send({ type: 'resume', seq: before.seq })
    return
  }
  newsHooks.forEach((hook) => hook(message))
  if (message.type === 'floor') floor.value = message
  if (message.type === 'floor_change' && floor.value) floor.value = foldFloor(floor.value, message)
  if (message.type === 'snapshot') return settleIn(true)
  if (message.type !== 'change') return
  if (message.change === 'pop_offered') offered(message.pop, at, before.board)
  if (message.change === 'pop_withdrawn') withdrawn(before.board, message)
  if (message.change === 'outcome_settled') letOff(before.board, message.pop_id)
  if (message.change === 'desk_taken') taken.value = message
  if (message.change === 'outcome_owed' && !typing() && !message.pop.test) open((firstOwed(before.board, live.value.board, openId.value) ?? message.pop).id)
  settleIn()
}

function offered(pop: Pop, at: number, before: Board | undefined): void {
  if (before?.pops.some((known) => known.id === pop.id)) return
  if (document.visibilityState === 'visible') receivedAt.set(pop.id, at)
  besideId.value = pop.id
  if (!pop.test) opener.offer(pop)
  offeredHooks.forEach((hook) => hook(pop))
}

function withdrawn(before: Board | undefined, { pop_id, reason, by }: { pop_id: string } & Omit<Gone, 'pop'>): void {
  opener.withdraw(pop_id)
  const pop = before?.pops.find((p) => p.id === pop_id)
  if (pop && openId.value === pop_id) gone.value = { pop, reason, by }
}

/** What need not be logged still may be, until the next call comes. */
function letOff(before: Board | undefined, id: string): void {
  const pop = before?.pops.find((p) => p.id === id)
  if (pop?.demand === 'optional' && pop.outcome_state === 'owed' && openId.value === id) gone.value = { pop: { ...pop, phase: 'wrapup' }, reason: 'optional', by: null }
}

/** What is shown must exist; what is owed comes first. A snapshot after an outage is a baseline and rings nobody. */
function settleIn(baseline = false): void {
  if (openPop.value || (gone.value && !debts.value.length)) return
  const talk = typing() ? undefined : pops.value.find((pop) => pop.phase === 'talking' && !pop.test)
  const next = debts.value[0] ?? talk ?? (baseline ? pops.value[0] : undefined)
  openId.value = next?.id
}

function open(id: string): void {
  openId.value = id
  gone.value = undefined
  if (besideId.value === id) besideId.value = undefined
  openHooks.forEach((hook) => hook())
}

function settled(id: string): void {
  live.value = logged(live.value, id)
  if (gone.value?.pop.id === id) gone.value = undefined
  settleIn()
}

/** Tells the server how long the agent waited for the card: from receipt to paint. */
function painted(id: string): void {
  const from = receivedAt.get(id)
  if (from === undefined) return
  receivedAt.delete(id)
  requestAnimationFrame(() =>
    requestAnimationFrame(() => socket.send({ type: 'painted', pop: id, paint_ms: performance.now() - from })),
  )
}

/** The board by plain request, so that a deep link knows what is owed before the first page is chosen. */
async function begin(): Promise<void> {
  socket.open()
  standForLeader()
  if (live.value.board) return
  const first = await http.get<Board>('/me/board')
  if (!live.value.board) live.value = { board: first, seq: 0, gap: true }
  settleIn(true)
}

/** Supervisors see everybody: the floor whole once, then what changes of it. */
function watchFloor(): void {
  if (!watchesFloor) socket.send({ type: 'subscribe', topic: 'floor', changes: true })
  watchesFloor = true
}

function end(): void {
  ;[watchesFloor, floor.value, taken.value] = [false, undefined, undefined]
  socket.close()
  stepDown()
  live.value = NOTHING
  openId.value = besideId.value = gone.value = undefined
  link.state = 'connecting'
}

export function useBoard() {
  return {
    board, pops, debts, floor, watchFloor, taken, openPop, beside, gone, link: readonly(link),
    begin, end, open, settled, painted, retry: socket.retryNow,
    closeGone: () => ((gone.value = undefined), settleIn()),
    onOffered: (hook: (pop: Pop) => void) => offeredHooks.add(hook),
    onOpen: (hook: () => void) => openHooks.add(hook),
    onEnd: (hook: (why: Ended) => void) => endHooks.add(hook),
    /** What is told beside the board: tasks, clicks, and that everything was told anew. */
    onNews: (hook: (message: Message) => void) => newsHooks.add(hook),
  }
}
