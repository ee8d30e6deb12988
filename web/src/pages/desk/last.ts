import type { CustomerBrief } from '@/api/types'
import { ago, now } from '@/ui/time'

/** "Last talk 2 days ago with Marco", or nothing for somebody new. */
export function lastTalkWith(
  customer: Pick<CustomerBrief, 'last_contact_at' | 'last_agent'>,
  t: (key: string, named: Record<string, string>) => string,
  language: string,
): string {
  if (!customer.last_contact_at) return ''
  const when = ago(customer.last_contact_at, language, now.value)
  return customer.last_agent ? t('pop.last_with', { when, agent: customer.last_agent }) : t('pop.last', { when })
}
