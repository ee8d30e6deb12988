import { useI18n } from 'vue-i18n'
import type { Suspicion } from '@/entities/reviews'
import { labelIn } from '@/entities/outcomes'
import { percent } from '@/ui/percent'
import { duration } from '@/ui/time'

/** What was counted, in a sentence. */
export function useEvidence() {
  const { t, locale } = useI18n()
  const seconds = (s: number | null | undefined) => duration((s ?? 0) * 1000)
  return ({ kind, figures: f, code, code_labels: labels, queue, queue_label: label }: Suspicion) => {
    const said = t(`review.says.${kind}`, {
      count: f.count,
      of: f.of,
      limit: seconds(f.limit_s),
      shortest: seconds(f.shortest_s),
      longest: seconds(f.longest_s),
      code: labelIn({ labels, code }, locale.value),
      queue: label || queue || t('review.no_queue'),
      share: percent(f.share, locale.value),
      usual: percent(f.usual, locale.value),
      usual_of: f.usual_of ?? 0,
    })
    return f.unknown ? `${said} ${t('review.says.unknown', { n: f.unknown })}` : said
  }
}
