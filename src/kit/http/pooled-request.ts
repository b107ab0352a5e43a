/**
 * A request over a pool of `undici` by its events, not by its `request`: that makes a stream of every answer and reads
 * it by an iterator, which costs more than all the rest of a small one. An answer of known and small length is had as
 * bytes; any other is a stream that holds the sender back while nobody reads.
 */
import { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import type { WireResponse } from './wire.ts'

export interface PooledRequest {
  readonly method: Dispatcher.HttpMethod
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array | Readable | null
  readonly signal?: AbortSignal | undefined
  /** Until the answer begins; that of the pool unless said. */
  readonly headersTimeoutMs?: number
}

export const HELD_ANSWER_BYTES_MAX = 64 * 1024

export const requestOverPool = (pool: Pool, request: PooledRequest): Promise<WireResponse> =>
  new Promise((resolve, reject) => {
    const { method, path, body, signal, headersTimeoutMs } = request
    if (signal?.aborted) return reject(signal.reason)
    let controller: Dispatcher.DispatchController | undefined
    const abort = (): void => controller?.abort(asError(signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    const over = (): void => signal?.removeEventListener('abort', abort)
    let receive: Receiver | undefined
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        controller = started
        if (signal?.aborted) abort()
      },
      onResponseStart: (started, status, headers) => {
        // Announced answers such as 103 come before the real one.
        if (status < 200) return
        const head = { status, headers: known(headers) }
        const length = Number(headers['content-length'] ?? Number.NaN)
        receive =
          length <= HELD_ANSWER_BYTES_MAX ? held((bytes) => resolve({ ...head, body: bytes })) : streamed(started)
        if (receive.stream) resolve({ ...head, body: receive.stream })
      },
      onResponseData: (_started, chunk) => receive?.data(chunk),
      onResponseEnd: () => {
        over()
        receive?.end()
      },
      onResponseError: (_started, error) => {
        over()
        receive?.stream?.destroy(error)
        reject(signal?.aborted ? signal.reason : error)
      },
    }
    const headers = request.headers as Record<string, string | string[]>
    const patience = headersTimeoutMs === undefined ? {} : { headersTimeout: headersTimeoutMs }
    pool.dispatch({ method, path, headers, body, ...patience }, handler)
  })

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

interface Receiver {
  data(chunk: Uint8Array): void
  end(): void
  /** What the caller reads from, unless it is told everything at the end. */
  readonly stream?: Readable
}

const held = (whole: (bytes: Uint8Array) => void): Receiver => {
  const chunks: Uint8Array[] = []
  return {
    data: (chunk) => void chunks.push(chunk),
    end: () => whole(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
  }
}

const streamed = (controller: Dispatcher.DispatchController): Receiver & { readonly stream: Readable } => {
  let hasEnded = false
  const stream = new Readable({
    highWaterMark: HELD_ANSWER_BYTES_MAX,
    read: () => controller.resume(),
    destroy: (error, callback) => {
      // Nobody reads the rest.
      if (!hasEnded && !controller.aborted) controller.abort(error ?? new Error('the answer is no longer wanted'))
      callback(error)
    },
  })
  // It may break before anybody reads; who reads then is told, and the process must not end for want of a listener.
  stream.on('error', () => {})
  return {
    stream,
    data: (chunk) => {
      if (!stream.push(chunk)) controller.pause()
    },
    end: () => {
      hasEnded = true
      stream.push(null)
    },
  }
}

const known = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | string[]> => {
  const result: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) result[name] = value
  return result
}
