import { Dark } from 'quasar'
import { ref } from 'vue'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
const REMEMBERED = 'callcenter.theme'

export const theme = ref<Theme>('auto')

export function wear(wanted: Theme): void {
  theme.value = wanted
  Dark.set(wanted === 'auto' ? 'auto' : wanted === 'dark')
  localStorage.setItem(REMEMBERED, wanted)
}

export function rememberedTheme(): Theme {
  const kept = localStorage.getItem(REMEMBERED)
  return THEMES.find((known) => known === kept) ?? 'auto'
}
