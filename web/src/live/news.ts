import { useQueryClient } from '@tanstack/vue-query'
import { Notify } from 'quasar'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { useSession } from '@/entities/session'
import { oneTask, whatToDo } from '@/entities/tasks'
import { mayNotify } from './alarm'
import { useBoard } from './board'
import { clickTold, recallClick } from './clicks'
import type { Message } from './fold'
import { leads } from './leader'

const PAUSE_MS = 700
const KEYS = ['tasks', 'reminders', 'timeline']
/** What an administrator decides about outcomes: an open form follows. */
const RULES = ['outcomes', 'outcome-choices', 'outcome-rules', 'templates', 'statuses', 'card-fields']
const SCORES = ['evaluations', 'evaluation', 'samples']

/** Tasks that changed are read again, many changes together; a reminder is shown once, by one tab. */
export function useTaskNews(): void {
  const queries = useQueryClient()
  const [router, route] = [useRouter(), useRoute()]
  const { me } = useSession()
  const { t } = useI18n()
  let waiting: ReturnType<typeof setTimeout> | undefined

  function stale(): void {
    waiting ??= setTimeout(() => {
      waiting = undefined
      void queries.invalidateQueries({ predicate: ({ queryKey }) => KEYS.includes(String(queryKey[0])) })
    }, PAUSE_MS)
  }

  async function remind(id: string): Promise<void> {
    const task = await oneTask(id).catch(() => undefined)
    if (!task) return
    const [title, body] = [t('tasks.reminder'), whatToDo(task, t)]
    const open = () => void router.push({ name: 'tasks' })
    Notify.create({ message: `${title}: ${body}`, timeout: 10_000, position: 'top-right', attrs: { role: 'alert' }, actions: [{ label: t('tasks.open'), noCaps: true, flat: true, handler: open }] })
    if (!leads() || !mayNotify()) return
    const shown = new Notification(title, { body, tag: `callcenter-task-${id}`, icon: '/favicon.svg' })
    shown.onclick = () => (window.focus(), open())
  }

  /** Of one's own talk: it was published or settled. Of one that one scored: its agent answered. */
  function scored({ evaluation_id: id, agent_id, state }: { evaluation_id: string; agent_id: string; state: string }): void {
    void queries.invalidateQueries({ predicate: ({ queryKey }) => SCORES.includes(String(queryKey[0])) })
    const mine = agent_id === me.value?.id
    if (mine !== ['published', 'settled'].includes(state) || route.params['id'] === id) return
    const open = () => void router.push({ name: 'score', params: { id } })
    Notify.create({ message: t(`scores.news_${state}`), timeout: 10_000, position: 'top-right', attrs: { role: 'status' }, actions: [{ label: t('tasks.open'), noCaps: true, flat: true, handler: open }] })
  }

  useBoard().onNews((message: Message) => {
    if (message.type === 'snapshot') for (const key of ['messages', 'outcome-choices']) void queries.invalidateQueries({ queryKey: [key] })
    if (message.type === 'snapshot') return stale(), void recallClick().catch(() => undefined)
    if (message.type !== 'change') return
    if (message.change === 'dial') clickTold({ ...message, id: message.dial_id })
    if (message.change === 'message') return void queries.invalidateQueries({ queryKey: ['messages'] })
    if (message.change === 'rules') return void queries.invalidateQueries({ predicate: ({ queryKey }) => RULES.includes(String(queryKey[0])) })
    if (message.change === 'score') return scored(message)
    if (message.change !== 'task') return
    stale()
    if (message.reminder && message.task_id) void remind(message.task_id)
  })
}
