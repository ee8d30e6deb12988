import { computed } from 'vue'
import { useBoard } from './board'

/** The PBXs of the house. Only where there are several is one named: where there is one, its name tells nobody anything. */
export function usePbxNames() {
  const { board } = useBoard()
  const names = computed(() => (board.value?.health.pbx ?? []).map((line) => line.name))
  const several = computed(() => names.value.length > 1)
  /** A queue's or a phone's name, and on which PBX it is. */
  const at = (name: string, pbx: string | null | undefined) => (several.value && pbx ? `${name} · ${pbx}` : name)
  return { names, several, at }
}
