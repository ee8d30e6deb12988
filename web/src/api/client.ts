import { Problem, problemOf } from './problem'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Query = Record<string, string | number | null | undefined>

interface Options {
  body?: unknown
  query?: Query
  ifMatch?: string
  signal?: AbortSignal
}

/** A thing and the version of it that a later change must name. */
export interface Tagged<T> {
  data: T
  etag: string
}

const BASE = '/api/v1'
const signedOut = new Set<() => void>()

/** Called when a session ended elsewhere: the server answered 401 to anything but the sign-in itself. */
export function onSignedOut(listener: () => void): void {
  signedOut.add(listener)
}

export function address(path: string, query: Query = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value != null && value !== '')
  const search = new URLSearchParams(entries.map(([key, value]) => [key, String(value)])).toString()
  return `${BASE}${path}${search ? `?${search}` : ''}`
}

async function send(method: Method, path: string, { body, query, ifMatch, signal }: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Requested-With': 'callcenter' }
  if (body instanceof Blob) headers['Content-Type'] = 'application/octet-stream'
  else if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (ifMatch) headers['If-Match'] = ifMatch
  if (method === 'POST') headers['Idempotency-Key'] = token()
  const init: RequestInit = { method, headers, credentials: 'same-origin', signal: signal ?? null }
  if (body instanceof Blob) init.body = body
  else if (body !== undefined) init.body = JSON.stringify(body)
  try {
    return await fetch(address(path, query), init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, 'network')
  }
}

/** `crypto.randomUUID` exists only on https; an office server may well speak plain http. */
function token(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
}

async function tagged<T>(method: Method, path: string, options: Options = {}): Promise<Tagged<T>> {
  const response = await send(method, path, options)
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && path !== '/session') signedOut.forEach((listener) => listener())
    throw problem
  }
  const text = response.status === 204 ? '' : await response.text()
  return { data: (text ? JSON.parse(text) : undefined) as T, etag: response.headers.get('ETag') ?? '' }
}

async function plain<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  return (await tagged<T>(method, path, options)).data
}

export const http = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    plain<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) }),
  getTagged: <T>(path: string) => tagged<T>('GET', path),
  post: <T>(path: string, body?: unknown) => plain<T>('POST', path, { body }),
  upload: <T>(path: string, file: File, query: Query) => plain<T>('POST', path, { body: file, query }),
  put: <T>(path: string, body: unknown) => plain<T>('PUT', path, { body }),
  putTagged: <T>(path: string, body: unknown, ifMatch: string) => tagged<T>('PUT', path, { body, ifMatch }),
  patch: <T>(path: string, body: unknown) => plain<T>('PATCH', path, { body }),
  patchTagged: <T>(path: string, body: unknown, ifMatch: string) => tagged<T>('PATCH', path, { body, ifMatch }),
  delete: (path: string) => plain<undefined>('DELETE', path),
}
