/** "82 %" as the reader writes it; a dash where nothing was counted. */
export const percent = (level: number | null | undefined, locale: string): string =>
  level == null ? '–' : new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(level)
