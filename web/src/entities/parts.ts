import { useI18n } from 'vue-i18n'
import type { Segment } from '@/api/types'

const OUTSIDE = 'outside/'

/** Who or what had a part in a call, in words: an agent, a phone, or a telephone elsewhere that the call went on to. */
export function usePartNames() {
  const { t } = useI18n()
  const isOutside = (device: string) => device.startsWith(OUTSIDE)
  const phone = (device: string) => (isOutside(device) ? t('parts.outside', { number: device.slice(OUTSIDE.length) }) : device)
  const who = (segment: Segment) => segment.agent?.display_name || segment.agent?.username || phone(segment.device)
  return { phone, who, isOutside }
}
