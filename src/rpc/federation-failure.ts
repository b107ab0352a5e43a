/**
 * Why a call to another backend failed, as our client is told (federation-transport.md §11.4). A handler that does
 * not catch it answers with exactly this error object.
 */
import { z } from 'zod'
import type { Domain } from '#src/contract/ids.ts'
import { Refusal } from '#src/kit/errors.ts'

export interface FailedCall {
  readonly domain: Domain
  readonly rpc: string
}

export class FederationFailure extends Refusal {
  readonly domain: Domain

  constructor(
    { domain, rpc }: FailedCall,
    status: number,
    label: string,
    detail: { readonly detail: string; readonly cause?: unknown; readonly inner?: unknown },
  ) {
    // The target's backend domain and a path without the component: what clients of the original get.
    super(status, label, { ...detail, data: { type: 'federation', domain, path: `/federation/${rpc}` } })
    this.name = 'FederationFailure'
    this.domain = domain
  }
}

const ErrorObject = z.object({
  code: z.int(),
  label: z.string(),
  message: z.string(),
  inner: z.unknown().optional(),
})

/** Reads the answer of our own federator to a call that did not end with 2xx. */
export const failureOf = (target: FailedCall, status: number, body: Uint8Array): FederationFailure => {
  const text = Buffer.from(body).toString('utf8')
  if (status === 403) {
    return new FederationFailure(target, 500, 'federation-local-error', {
      detail: `our federator refused the form of the request: ${text.slice(0, 500)}`,
    })
  }
  const parsed = ErrorObject.safeParse(tryParse(text))
  if (!parsed.success) {
    return new FederationFailure(target, status, 'unknown-federation-error', { detail: text.slice(0, 500) })
  }
  const { code, label, message, inner } = parsed.data
  return new FederationFailure(target, validStatus(code), label, { detail: message, inner })
}

// `code` came in a body: a number that is no HTTP error status must not become ours.
const validStatus = (code: number): number => (code >= 400 && code <= 599 ? code : 533)

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Plain-text and empty bodies are not error objects (§11.1); the caller keeps the text.
    return undefined
  }
}
