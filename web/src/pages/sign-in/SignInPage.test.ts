import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/locales'
import SignInPage from './SignInPage.vue'

interface Desk { pbx: string; number: string; twin: boolean }
const asked: { path: string; body: unknown }[] = []
const free = (desks: Desk[]) => ({ id: 'anna', username: 'anna', language: 'en', extension: null, pbx: null, twin: false, notice_due: false, extensions_free: desks })

async function signedIn(desks: Desk[]) {
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push({ path, body: JSON.parse(String(init.body)) })
    return Promise.resolve(Response.json(free(desks)))
  })
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { template: '<i />' } }] })
  const page = mount(SignInPage, { global: { plugins: [i18n, router], stubs: { 'q-icon': true } } })
  await page.get('input[autocomplete=username]').setValue('anna')
  await page.get('input[type=password]').setValue('a password')
  await page.get('form').trigger('submit')
  await flushPromises()
  return page
}

describe('which phone is yours', () => {
  beforeEach(() => asked.splice(0))
  afterEach(() => vi.unstubAllGlobals())

  it('says numbers only where each is one phone', async () => {
    const page = await signedIn([{ pbx: 'main', number: '101', twin: false }, { pbx: 'branch', number: '102', twin: false }])
    expect(page.findAll('.phone').map((phone) => phone.text())).toEqual(['101', '102'])
  })

  it('names the phone system where several have the number, and sits down there', async () => {
    const page = await signedIn([{ pbx: 'branch', number: '101', twin: true }, { pbx: 'main', number: '101', twin: true }, { pbx: 'main', number: '103', twin: false }])
    expect(page.findAll('.phone').map((phone) => phone.text())).toEqual(['101 · branch', '101 · main', '103'])
    await page.findAll('.phone')[1]?.trigger('click')
    await flushPromises()
    expect(asked.at(-1)).toEqual({ path: '/api/v1/me/extension', body: { extension: '101', pbx: 'main', take_over: false } })
  })
})
