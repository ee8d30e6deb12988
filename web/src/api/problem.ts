import type { ProblemBody } from './types'

/** What the server (or the way to it) refused, with a stable code that the locale files translate. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: Readonly<Record<string, string>>

  constructor(status: number, code: string, fields: Record<string, string> = {}) {
    super(code)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.fields = fields
  }

  /** The request never reached the server, or its answer never came back. */
  get unreachable(): boolean {
    return this.code === 'network'
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, 'unexpected')
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<ProblemBody>
    return new Problem(response.status, body.code ?? 'unexpected', body.fields ?? {})
  } catch {
    return new Problem(response.status, response.status >= 502 ? 'unavailable' : 'unexpected')
  }
}
