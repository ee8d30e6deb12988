import { computed, ref, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

type Filter<N extends string> = Partial<Record<N, string>>

/** What a list is narrowed to lives in the address, so that it can be sent to a colleague and survives going back. A part
 * that stands on a page of something else (the card on the desk) keeps its own to itself: `inAddress` false. */
export function useAddressFilter<N extends string>(names: readonly N[], inAddress: () => boolean = () => true): WritableComputedRef<Filter<N>> {
  const [route, router, own] = [useRoute(), useRouter(), ref<Filter<string>>({})]
  const pick = (from: Record<string, unknown>) =>
    Object.fromEntries(names.filter((name) => typeof from[name] === 'string' && from[name]).map((name) => [name, String(from[name])])) as Filter<N>
  const filter = computed<Filter<N>>({
    get: () => pick(inAddress() ? route.query : own.value),
    set(wanted) {
      const next = pick(wanted)
      if (JSON.stringify(next) === JSON.stringify(filter.value)) return
      if (!inAddress()) return void (own.value = next)
      const others = Object.fromEntries(Object.entries(route.query).filter(([name]) => !names.includes(name as N)))
      void router.replace({ query: { ...others, ...next } })
    },
  })
  return filter
}
