/** Request bodies as bytes, inflated. Current stock clients compress every JSON body (client-api-versions.md §5.1). */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import {
  brotliDecompress,
  brotliDecompressSync,
  gunzip,
  gunzipSync,
  inflate,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { NO_BODY } from '#src/kit/http/wire.ts'
import { Overdue, type Waiting } from '#src/kit/overdue.ts'
import { BODY_TIMEOUT_MS, INFLATE_AT_ONCE_BYTES_MAX } from './limits.ts'

export type ReadBody = (request: IncomingMessage, limit: number) => Promise<Uint8Array>

export interface BodyReader extends Disposable {
  /** `limit` is in bytes and holds both for what comes over the line and for what it inflates to. */
  readonly read: ReadBody
}

export const bodyReader = (clock: Clock, timeoutMs = BODY_TIMEOUT_MS): BodyReader => {
  // One timer for all of them: nearly every body is there a moment after its head.
  const reading = new Overdue<Reading>(clock, timeoutMs, ({ fail }) => fail(tooSlow()))
  return {
    read: (request, limit) => {
      if (isBodiless(request)) return NOTHING
      // Said in advance, so nothing of it has to be read.
      if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge())
      const encoding = request.headers['content-encoding']
      const received = whole(request, limit, reading)
      return encoding === undefined ? received : received.then((body) => inflateBody(body, { encoding, limit }))
    },
    [Symbol.dispose]: () => reading[Symbol.dispose](),
  }
}

const NOTHING = Promise.resolve(NO_BODY)

interface Reading extends Waiting<Reading> {
  readonly fail: (reason: Refusal) => void
}

/** By events, because the iterator of a stream costs more than everything else that happens to a small request. */
const whole = (request: IncomingMessage, limit: number, line: Overdue<Reading>): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const fail = (reason: Refusal): void => {
      line.leave(waiting)
      chunks.length = 0
      reject(reason)
    }
    const brokeOff = (cause?: unknown): void => {
      fail(new Refusal(400, 'bad-request', { detail: 'the body ended early', cause }))
    }
    const waiting: Reading = { movedMs: 0, ahead: undefined, behind: undefined, fail }
    line.moved(waiting)
    request.on('data', (chunk: Uint8Array) => {
      // What comes after that is dropped until the answer closes the connection.
      if (size > limit) return
      size += chunk.length
      if (size > limit) fail(tooLarge())
      else chunks.push(chunk)
    })
    request.on('end', () => {
      line.leave(waiting)
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    })
    request.on('error', brokeOff)
    request.on('close', () => {
      if (!request.complete) brokeOff()
    })
  })

// RFC 9112 §6: a request has a body when one of these headers says so.
const isBodiless = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0

interface Codec {
  readonly atOnce: (data: Uint8Array, options: ZlibOptions) => Buffer
  readonly later: (data: Uint8Array, options: ZlibOptions) => Promise<Buffer>
}

const GZIP: Codec = { atOnce: gunzipSync, later: promisify<Uint8Array, ZlibOptions, Buffer>(gunzip) }
const CODECS: Readonly<Record<string, Codec>> = {
  gzip: GZIP,
  // RFC 9110 §8.4.1.3: another name of the same.
  'x-gzip': GZIP,
  deflate: { atOnce: inflateSync, later: promisify<Uint8Array, ZlibOptions, Buffer>(inflate) },
  br: { atOnce: brotliDecompressSync, later: promisify<Uint8Array, ZlibOptions, Buffer>(brotliDecompress) },
}

interface Inflating {
  readonly encoding: string | undefined
  readonly limit: number
}

export const inflateBody = async (body: Uint8Array, { encoding, limit }: Inflating): Promise<Uint8Array> => {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '' || body.length === 0) return body
  const codec = Object.hasOwn(CODECS, name) ? CODECS[name] : undefined
  if (!codec) throw new Refusal(415, 'unsupported-media-type', { detail: 'this content encoding is not understood' })
  const options = { maxOutputLength: limit }
  try {
    return body.length <= INFLATE_AT_ONCE_BYTES_MAX ? codec.atOnce(body, options) : await codec.later(body, options)
  } catch (cause) {
    const isBomb = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    throw isBomb ? tooLarge() : new Refusal(400, 'bad-request', { detail: 'the body cannot be inflated', cause })
  }
}

// The rest of the body is not read, so the connection cannot serve another request.
const tooLarge = (): Refusal =>
  new Refusal(413, 'client-error', { detail: 'Request body too large', headers: { connection: 'close' } })

const tooSlow = (): Refusal =>
  new Refusal(408, 'client-error', { detail: 'The body comes too slowly', headers: { connection: 'close' } })
