import { regional } from '@/ui/time'

/** When an interval begins, as precisely as its step asks for. */
export const beginning = (from: string, step: string | undefined, language: string) =>
  new Intl.DateTimeFormat(regional(language), step === 'hour' ? { weekday: 'short', hour: '2-digit', minute: '2-digit' } : { weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(from))
