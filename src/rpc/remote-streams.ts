/** Bytes from other backends: asked for like any call, and passed on at the pace of their reader. */
import { Readable } from 'node:stream'
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

const bounded = (body: WireResponse['body'], bytesMax: number, onClosed: () => void): Readable => {
  const source = body instanceof Readable ? body : Readable.from(body instanceof Uint8Array ? [body] : body)
  return new Bounded(source, bytesMax).once('close', onClosed)
}

/** Counts, and holds as little as it can. */
class Bounded extends Readable {
  readonly #source: Readable
  #left: number

  constructor(source: Readable, bytesMax: number) {
    super({ highWaterMark: 1 })
    this.#source = source
    this.#left = bytesMax
    source.on('data', (chunk: Uint8Array) => this.#add(chunk, bytesMax)).pause()
    source.once('end', () => this.push(null))
    // Whatever goes wrong reaches the reader of what is returned.
    source.on('error', (error) => this.destroy(error))
    source.once('close', () => {
      if (!source.readableEnded) this.destroy(new Error('the bytes stopped coming'))
    })
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.destroy()
    callback(error)
  }

  #add(chunk: Uint8Array, bytesMax: number): void {
    this.#left -= chunk.length
    if (this.#left < 0) this.destroy(new Error(`more than ${bytesMax} bytes came`))
    else if (!this.push(chunk)) this.#source.pause()
  }
}
