import type { Floor } from '@/api/types'

/** What is different on the floor since it was last told. What is not named is as before. */
export interface FloorChange extends Partial<Omit<Floor, 'agents'>> {
  agents: Floor['agents']
  gone: string[]
}

/** The floor after a change. A desk that stays as it is stays the same object: its row is not drawn again. */
export function foldFloor(floor: Floor, { agents, gone, queues, unowned, missed }: FloorChange): Floor {
  const changed = new Map(agents.map((desk) => [desk.me.id, desk]))
  const left = floor.agents.filter((desk) => !gone.includes(desk.me.id)).map((desk) => {
    const now = changed.get(desk.me.id) ?? desk
    changed.delete(desk.me.id)
    return now
  })
  return {
    agents: agents.length || gone.length ? [...left, ...changed.values()] : floor.agents,
    queues: queues ?? floor.queues,
    unowned: unowned ?? floor.unowned,
    missed: missed ?? floor.missed,
  }
}
