/** "Italy" for "IT", in the reader's language. */
export function regionName(code: string, language: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return ''
  return new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }).of(code) ?? ''
}

/** What the clock on the caller's wall shows; undefined for a zone this browser does not know. */
export function clockIn(zone: string, at: number, language: string): string | undefined {
  try {
    return new Intl.DateTimeFormat(language, { timeZone: zone, hour: '2-digit', minute: '2-digit', weekday: 'short' })
      .format(at)
  } catch {
    return undefined
  }
}
