import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { NewTask, Page, Reminder, Task, TaskCounts, TaskFields, TaskPolicy } from '@/api/types'

export const TASK_KINDS = ['callback', 'call', 'todo', 'visit'] as const

/** What a list of tasks may ask for; what is not asked does not matter. */
export interface TaskFilter {
  mine?: boolean
  unclaimed?: boolean
  overdue?: boolean
  missed?: boolean
  closed?: boolean
  customer?: string
  due_before?: string
}

type Given<T> = MaybeRefOrGetter<T>
const asked = (filter: TaskFilter) => Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]))

export function useTasks(filter: Given<TaskFilter>, limit = 50, enabled: Given<boolean> = true) {
  return useInfiniteQuery({
    enabled: computed(() => toValue(enabled)),
    queryKey: computed(() => ['tasks', toValue(filter), limit]),
    queryFn: ({ pageParam, signal }) => http.get<Page<Task>>('/tasks', { ...asked(toValue(filter)), limit, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<Task>) => last.next_cursor,
  })
}

/** Until when a task is one of today's, by the viewer's own clock. */
export function endOfDay(): string {
  const end = new Date()
  end.setHours(23, 59, 59, 999)
  return end.toISOString()
}

export function startOfDay(): string {
  const start = new Date()
  start.setHours(0, 0, 0, 0)
  return start.toISOString()
}

export function useTaskCounts() {
  return useQuery({
    queryKey: ['tasks', 'counts'],
    queryFn: () => http.get<TaskCounts>('/tasks/counts', { due_before: endOfDay(), since: startOfDay() }),
    refetchInterval: 60_000,
  })
}

export function useReminders() {
  return useQuery({ queryKey: ['reminders'], queryFn: () => http.get<{ items: Reminder[] }>('/me/reminders').then((page) => page.items) })
}

export type ClockRules = Required<TaskPolicy>
export const useClockRules = () => useQuery({ queryKey: ['clock-rules'], queryFn: () => http.getTagged<ClockRules>('/tasks/policy') })
export const saveClockRules = (rules: ClockRules, etag: string) => http.putTagged<ClockRules>('/tasks/policy', rules, etag)

export const oneTask = (id: string) => http.get<Task>(`/tasks/${id}`)
export const addTask = (task: NewTask) => http.post<Task>('/tasks', task)
export const changeTask = (task: Task, change: TaskFields) => http.patchTagged<Task>(`/tasks/${task.id}`, change, `"${task.version}"`)
/** Whoever is given a task is told so; a colleague's claim of it ends. */
export const giveTask = (task: Task, to: string) => changeTask(task, { assignee_id: to })
export const actOnTask = (id: string, act: 'claim' | 'release' | 'done' | 'cancel') => http.post<Task>(`/tasks/${id}/${act}`)
export const seeReminder = (id: string) => http.put<unknown>(`/me/reminders/${id}`, null)

type Say = (key: string, named?: Record<string, unknown> | number) => string

/** Who it is about, as well as one knows. */
export function aboutWhom(task: Task, t: Say): string {
  return task.customer?.name || task.customer?.organisation || task.customer?.numbers[0] || task.number_display || t('customer.no_name')
}

/** "Call Ivan back": a task in one line. */
export function whatToDo(task: Task, t: Say): string {
  if (task.subject) return task.subject
  return t(`tasks.do_${task.missed ? 'missed' : task.kind}`, { who: aboutWhom(task, t) })
}
