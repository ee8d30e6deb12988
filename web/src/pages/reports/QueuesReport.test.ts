import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/locales'
import QueuesReport from './QueuesReport.vue'

const figures = { came: 7, answered: 5, in_time: 4, abandoned: 1, short: 3, lost: 1, left: 2, service_level: 0.5, abandon_rate: 0.1, asa_s: 3, longest_wait_s: 9 }
const report = {
  total: figures,
  aim: 0.8,
  queues: [{ pbx: 'main', queue: 'support', label: 'Help', target_s: 20, aim: 0.8, figures }],
  series: [{ from: '2026-11-24T09:00:00Z', to: '2026-11-24T10:00:00Z', figures }],
}
const asked = { from: '2026-11-24', to: '2026-11-24', short_s: '5' }

afterEach(() => vi.unstubAllGlobals())

it('leads from every number of a queue and of an hour to the calls behind it', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(report)))
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/calls', name: 'calls', component: { template: '<i />' } }, { path: '/', component: { template: '<i />' } }] })
  const page = mount(QueuesReport, { props: { filter: { ...asked, step: 'hour' } }, global: { plugins: [i18n, router, VueQueryPlugin], stubs: { 'q-icon': true } } })
  await flushPromises()
  await vi.waitFor(() => expect(page.findAll('[data-testid=report-queue]')).toHaveLength(1))
  for (const [row, narrowed] of [['report-queue', { queue: 'support' }], ['report-interval', { from: '2026-11-24T09:00:00Z', to: '2026-11-24T10:00:00Z' }]] as const) {
    const links = page.get(`[data-testid=${row}]`).findAll('a.count').map((link) => [link.text(), Object.fromEntries(new URL(link.attributes('href') ?? '', 'http://x').searchParams)])
    expect(links).toEqual(['came', 'answered', 'in_time', 'abandoned', 'short', 'lost', 'left'].map((figure) => [String(figures[figure as 'came']), { ...asked, ...narrowed, figure }]))
  }
})
