import type { FloorLine } from '@/api/types'

type Named = string | null | (string | null)[] | undefined

/** Which queues an address names as `queue=pbx/name`, as often as wanted; without one: all. */
export function onWall(named: Named): (line: Pick<FloorLine, 'pbx' | 'queue'>) => boolean {
  const wanted = [named ?? []].flat().filter(Boolean)
  return (line) => !wanted.length || wanted.includes(`${line.pbx}/${line.queue}`)
}
