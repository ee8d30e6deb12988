import { afterEach, describe, expect, it, vi } from 'vitest'
import { address, http } from './client'
import { Problem } from './problem'

afterEach(() => vi.unstubAllGlobals())

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? null : JSON.stringify(body)
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(text, { status, headers })))
}

describe('the way to the server', () => {
  it('leaves out empty filters', () => {
    expect(address('/calls', { state: '', agent: undefined, limit: 50 })).toBe('/api/v1/calls?limit=50')
  })

  it('turns a problem into a code and its fields', async () => {
    answer(422, { code: 'invalid', fields: { name: 'missing' } })
    const problem = await http.post('/customers', {}).catch((e: unknown) => e as Problem)
    expect(problem).toMatchObject({ status: 422, code: 'invalid', fields: { name: 'missing' } })
  })

  it('says that the server cannot be reached', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')))
    const problem = await http.get('/me').catch((e: unknown) => e as Problem)
    expect(problem).toMatchObject({ code: 'network', unreachable: true })
  })

  it('survives a proxy that answers in HTML', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 })))
    await expect(http.get('/me')).rejects.toMatchObject({ status: 502, code: 'unavailable' })
  })

  it('hands the version over with the thing', async () => {
    answer(200, { id: '1' }, { ETag: '"7"' })
    expect(await http.getTagged('/customers/1')).toEqual({ data: { id: '1' }, etag: '"7"' })
  })
})
