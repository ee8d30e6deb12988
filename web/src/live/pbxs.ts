import { computed } from 'vue'
import { useBoard } from './board'

/** The PBXs of the house. Only where there are several is one named: where there is one, its name tells nobody anything. */
export function usePbxNames() {
  const { board } = useBoard()
  const names = computed(() => (board.value?.health.pbx ?? []).map((line) => line.name))
  return { names, several: computed(() => names.value.length > 1) }
}
