import type { Pop } from '@/api/types'

/** The best name for a caller: the customer's, else what the phone network said, else the number. */
export function whoCalls(pop: Pop, t: (key: string) => string): string {
  if (pop.customer?.name) return pop.customer.name
  if (pop.withheld) return t('call.withheld')
  return pop.name || pop.number_display || t('call.unknown')
}
