import { computed } from 'vue'
import { useStaff } from '@/entities/presence'
import { usePbxNames } from '@/live/pbxs'

interface Place { pbx: string; queue: string }

export const keyOf = ({ pbx, queue }: Place) => `${pbx}/${queue}`

/** The queues a rule can be made for, by name: those that the PBXs have, and those that have one though their PBX lost them. */
export function useKnownQueues(ruled: () => readonly Place[] | undefined) {
  const staff = useStaff()
  const { at } = usePbxNames()
  const queues = computed(() => {
    const met = (staff.data.value?.items ?? []).map(({ pbx, name, label }) => ({ pbx, queue: name, name: at(label || name, pbx) }))
    const others = (ruled() ?? []).map(({ pbx, queue }) => ({ pbx, queue, name: at(queue, pbx) }))
    const known = new Map([...others, ...met].map((one) => [keyOf(one), { ...one, key: keyOf(one) }]))
    return [...known.values()].sort((a, b) => a.name.localeCompare(b.name))
  })
  return { staff, queues }
}
