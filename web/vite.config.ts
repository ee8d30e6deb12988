import { fileURLToPath } from 'node:url'
import { quasar, transformAssetUrls } from '@quasar/vite-plugin'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const backend = process.env.CALLCENTER_BACKEND ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue({ template: { transformAssetUrls } }), quasar()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../callcenter/static',
    emptyOutDir: true,
    // An inlined font would be a data: URL, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': { target: backend, ws: true } } },
  test: { environment: 'happy-dom', setupFiles: ['./src/test-setup.ts'], include: ['src/**/*.test.ts'] },
})
