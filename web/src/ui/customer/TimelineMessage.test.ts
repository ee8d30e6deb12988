import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/locales'
import TimelineMessage from './TimelineMessage.vue'

const written = { id: 'm', template: 'Thanks', kind: 'email', recipient: 'olga@example.com', subject: 'Your call', text: 'Hello\nOlga', state: 'open', how: '', by: { id: 'a', username: 'anna', display_name: 'Anna' }, at: '2026-11-24T09:00:00Z', done_at: null, call_id: 'c' } as const
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/calls/:id', name: 'call', component: { template: '<i />' } }, { path: '/', component: { template: '<i />' } }] })
const shown = (more: object) => mount(TimelineMessage, { props: { message: { ...written, ...more } }, global: { plugins: [i18n, router], stubs: { 'q-icon': true } } })

it('tells what was written to whom, by whom, and whether it waits or was taken along', () => {
  const waits = shown({})
  for (const words of ['Thanks', 'olga@example.com', 'Anna', 'Your call']) expect(waits.text()).toContain(words)
  expect(waits.get('details p').element.textContent).toBe('Hello\nOlga')
  expect(waits.get('a').attributes('href')).toBe('/calls/c')
  expect(waits.get('.tag').text()).toBe('waits to be sent')
  expect(shown({ state: 'taken', how: 'mail' }).get('.tag').text()).toBe('opened in the mail program')
})
