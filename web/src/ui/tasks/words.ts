import type { Task } from '@/api/types'
import { icons } from '@/ui/icons'

type Say = (key: string, named?: Record<string, unknown> | number) => string

export const kindIcon = { callback: icons.callBack, call: icons.call, todo: icons.done, visit: icons.visit } as const satisfies Record<Task['kind'], string>

/** Who it is about, as well as one knows. */
export function aboutWhom(task: Task, t: Say): string {
  return task.customer?.name || task.customer?.organisation || task.customer?.numbers[0] || task.number_display || t('customer.no_name')
}

/** "Call Ivan back": a task in one line. */
export function whatToDo(task: Task, t: Say): string {
  if (task.subject) return task.subject
  return t(`tasks.do_${task.missed ? 'missed' : task.kind}`, { who: aboutWhom(task, t) })
}
