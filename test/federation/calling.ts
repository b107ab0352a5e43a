/** Calling through a federator under test. */
import { Domain } from '#src/contract/ids.ts'
import { readAll } from '#src/kit/http/wire.ts'
import type { FederatorRequest } from '#src/rpc/federator-transport.ts'
import type { TestBackend } from './net.ts'

export interface Outcome {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly text: string
  /** The body if it is JSON. */
  readonly json: ErrorBody | undefined
}

interface ErrorBody {
  readonly code: number
  readonly label: string
  readonly data?: unknown
  readonly inner?: { readonly code: number; readonly label: string; readonly message: string }
}

export const callPeer = async (
  backend: TestBackend,
  domain: string,
  more: Partial<FederatorRequest> = {},
): Promise<Outcome> => {
  const response = await backend.federator.outward.transport.send({
    domain: Domain.parse(domain),
    component: 'brig',
    rpc: 'api-version',
    headers: { 'wire-origin-domain': backend.domain, accept: 'application/json' },
    body: Buffer.from('[]'),
    ...more,
  })
  const text = Buffer.from(await readAll(response.body)).toString('utf8')
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

const parse = (text: string): ErrorBody | undefined => {
  try {
    return JSON.parse(text) as ErrorBody
  } catch {
    // A test that expects JSON fails on undefined.
    return undefined
  }
}
