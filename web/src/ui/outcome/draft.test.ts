import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, ref } from 'vue'
import type { DraftBody, Pop } from '@/api/types'
import { aPop } from '@/live/samples'
import { i18n } from '@/locales'
import NextStep from '@/ui/tasks/NextStep.vue'
import { useDraft } from './draft'

const kept: DraftBody[] = []
const STEP = { due_at: '2026-11-27T15:30:00Z', by_me: true }
const HALF: Required<DraftBody> = { outcome: 'callback', comment: 'two', extras: ['order'], card: { email: 'olga@example.com' }, next_step: STEP }

/** A tab whose server has this draft; "callback" proposes to call back. */
function tab(draft: Pop['draft']) {
  const pop = ref(aPop({ id: 'a', phase: 'wrapup', outcome_state: 'owed', local_time_zone: 'Europe/Rome', draft }))
  const form = defineComponent({
    components: { NextStep },
    setup: () => useDraft(() => pop.value),
    template: '<NextStep v-model="written.step.value" zone="Europe/Rome" :wished="written.outcome.value === \'callback\'" :in-minutes="30" :taken="taken" />',
  })
  const page = mount(form, { global: { plugins: [i18n] } })
  const told = (draft: Pop['draft']) => ((pop.value = { ...pop.value, draft }), settle())
  return { page, written: page.vm.written, told }
}
async function settle(): Promise<void> {
  await flushPromises()
  await vi.advanceTimersByTimeAsync(1000)
}

describe('what is half written', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-11-27T10:00:00Z') })
    kept.splice(0)
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      kept.push(JSON.parse(String(init.body)))
      return Promise.resolve(new Response(null, { status: 204 }))
    })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('is kept whole, whichever field of it is written', async () => {
    const { written } = tab({})
    written.outcome.value = 'order'
    await settle()
    written.extras.value = ['solved', 'callback']
    await settle()
    written.card.value = { email: 'olga@example.com' }
    await settle()
    expect(kept.map((draft) => [draft.extras, draft.card])).toEqual([[[], {}], [['solved', 'callback'], {}], [['solved', 'callback'], { email: 'olga@example.com' }]])
  })

  it('is there after a reload, the moment of the call back too, and is not kept anew', async () => {
    const { page, written } = tab(HALF)
    await settle()
    expect([written.outcome.value, written.comment.value, written.extras.value, written.card.value]).toEqual(['callback', 'two', ['order'], { email: 'olga@example.com' }])
    expect(page.findAll('input').map((input) => input.element.value).slice(1, 3)).toEqual(['2026-11-27', '16:30'])
    expect(kept).toEqual([])
  })

  it('proposes a call back where one is chosen, and never again to who took it back', async () => {
    const { page, written, told } = tab({})
    written.outcome.value = 'callback'
    await settle()
    expect(kept.at(-1)?.next_step).toMatchObject({ due_at: '2026-11-27T10:30:00.000Z' })
    await page.get('input[type=checkbox]').setValue(false)
    await settle()
    expect(kept.at(-1)?.next_step).toBeNull()
    const again = tab({ outcome: 'callback' })
    await settle()
    expect(again.written.step.value).toBeUndefined()
    const other = tab({})
    await other.told({ outcome: 'callback' })
    expect(other.written.step.value).toBeUndefined()
    await told({ ...HALF, outcome: 'callback' })
    expect(Date.parse(written.step.value?.due_at ?? '')).toBe(Date.parse(STEP.due_at))
  })

  it('follows another tab without answering it', async () => {
    const { written, told } = tab({})
    await told(HALF)
    expect([written.outcome.value, written.extras.value]).toEqual(['callback', ['order']])
    expect(Date.parse(written.step.value?.due_at ?? '')).toBe(Date.parse(STEP.due_at))
    await told({ ...HALF, extras: ['order', 'solved'], next_step: null })
    expect([written.extras.value, written.step.value]).toEqual([['order', 'solved'], undefined])
    expect(kept).toEqual([])
  })
})
