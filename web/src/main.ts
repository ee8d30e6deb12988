import '@fontsource-variable/inter'
import 'quasar/dist/quasar.css'
import './ui/theme.css'
import './ui/parts.css'
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { Dark, Notify, Quasar } from 'quasar'
import iconSet from 'quasar/icon-set/svg-material-symbols-rounded'
import { createApp } from 'vue'
import { asProblem } from './api/problem'
import App from './App.vue'
import { i18n, preferred, speak } from './locales'
import { router } from './router'
import { rememberedTheme, wear } from './ui/theme'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      networkMode: 'always',
      retry: (count, error) => count < 2 && (asProblem(error).status === 0 || asProblem(error).status >= 502),
    },
    mutations: { networkMode: 'always' },
  },
})

async function start(): Promise<void> {
  const app = createApp(App)
  app.use(Quasar, { iconSet, plugins: { Notify, Dark } })
  app.use(VueQueryPlugin, { queryClient: queries })
  app.use(i18n)
  wear(rememberedTheme())
  await speak(preferred())
  app.use(router)
  app.mount('#app')
}

void start()
