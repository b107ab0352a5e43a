/** Bytes from other backends: asked for like any call, and passed on at the pace of their reader. */
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream'
import type { Domain } from '#src/contract/ids.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Rpc, RpcInput, RpcShape } from '#src/kit/endpoint.ts'
import { readAll, type WireResponse } from '#src/kit/http/wire.ts'
import { failureOf } from './federation-failure.ts'
import type { Component, FederatorTransport } from './federator-transport.ts'
import { CALL_TIMEOUT_MS, FEDERATION_ANSWER_BYTES_MAX } from './limits.ts'
import { asFailure, notEnabled } from './remote-backends.ts'

/** An entry of a contract that is answered with bytes, with its names. */
export type StreamRpc = Rpc<RpcShape, 'stream'> & { readonly service: Component; readonly name: string }

export interface StreamContext {
  readonly requestId: string
  /** It breaks off when more come. */
  readonly bytesMax: number
}

export interface RemoteStreams {
  /**
   * Throws a `FederationFailure` unless the other backend begins to send. Destroying what is returned gives up the
   * transfer there, also when nothing comes any more.
   */
  open<R extends StreamRpc>(domain: Domain, entry: R, input: RpcInput<R>, context: StreamContext): Promise<Readable>
}

interface Needs {
  readonly ownDomain: Domain
  /** Undefined when this backend is configured without federation. */
  readonly federator: FederatorTransport | undefined
}

export const remoteStreams = ({ ownDomain, federator }: Needs): RemoteStreams => ({
  open: async (domain, entry, input, { requestId, bytesMax }) => {
    const target = { domain, component: entry.service, rpc: entry.name }
    if (!federator) throw notEnabled(target)
    const givenUp = new AbortController()
    // Without version: federation-api.md §8.
    const headers = { 'wire-origin-domain': ownDomain, 'wire-origin-request-id': requestId }
    const request = { ...target, headers, body: Buffer.from(JSON.stringify(input)) }
    try {
      const response = await withDeadline(
        (late) => federator.send({ ...request, signal: AbortSignal.any([late, givenUp.signal]) }),
        CALL_TIMEOUT_MS,
        `calling ${entry.name} of ${domain}`,
      )
      if (response.status === 200) return bounded(response.body, bytesMax, () => givenUp.abort(new Error('given up')))
      throw failureOf(target, response.status, await readAll(response.body, FEDERATION_ANSWER_BYTES_MAX))
    } catch (error) {
      throw asFailure(error, target)
    }
  },
})

/** Held between the peer and our reader, so that neither waits for each piece of the other. */
const PASSING_BYTES = 256 * 1024

const bounded = (body: WireResponse['body'], bytesMax: number, onClosed: () => void): Readable => {
  let bytes = 0
  const passing = new Transform({
    highWaterMark: PASSING_BYTES,
    transform: (chunk: Uint8Array, _encoding, done) => {
      bytes += chunk.length
      if (bytes > bytesMax) done(new Error(`more than ${bytesMax} bytes came`))
      else done(undefined, chunk)
    },
  })
  passing.once('close', onClosed)
  // Whatever goes wrong reaches the reader of what is returned.
  pipeline(body instanceof Uint8Array ? [body] : body, passing, () => {})
  return passing
}
