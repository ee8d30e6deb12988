import type { Task } from '@/api/types'
import { icons } from '@/ui/icons'

export const kindIcon = { callback: icons.callBack, call: icons.call, todo: icons.done, visit: icons.visit } as const satisfies Record<Task['kind'], string>
