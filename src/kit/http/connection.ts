/**
 * One kept HTTP/1.1 connection to one of our own parts, with one request on it at a time.
 *
 * It reads by `onread` of `node:net` into a buffer that all connections of the process share: a reading is over before
 * the next one begins, and what is to stay is copied. Streams, their events and a buffer for each reading would cost more
 * than everything else that a small request needs. A large body is read into borrowed pieces, which are handed on as they
 * are.
 */
import { connect, type Socket } from 'node:net'
import { bytesPassed } from '../passing-bytes.ts'
import { borrowPiece, givePieceBack, PIECE_BYTES } from '../pieces.ts'
import { AnswerBody } from './answer-body.ts'
import { type BodyReader, readerOf } from './body-reader.ts'
import { writerOf } from './body-writer.ts'
import { renderRequestHead } from './request-head.ts'
import { MalformedAnswer, parseResponseHead, type ResponseHead } from './response-head.ts'
import type { WireResponse } from './wire.ts'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
  /** Until the answer begins; that of the pool unless said. */
  readonly headersTimeoutMs?: number | undefined
}

/** A request under way, and how its caller is told. */
export interface Exchange {
  readonly request: HttpRequest
  /** Monotonic; by when the answer must have begun. */
  readonly deadlineMs: number
  readonly answered: (response: WireResponse) => void
  readonly failed: (error: Error) => void
  /** The caller's signal no longer concerns it. */
  readonly over: () => void
}

export interface ConnectionPlan {
  readonly host: string
  readonly port: number
  /** What the header `Host` says. */
  readonly authority: string
  /** Between two pieces of an answer, while somebody waits for them. */
  readonly bodyTimeoutMs: number
  readonly onOpen: (connection: Connection) => void
  /** The answer is complete and another request may follow. */
  readonly onFree: (connection: Connection) => void
  /** Once; with the error if it never opened. */
  readonly onClosed: (connection: Connection, error: Error | undefined) => void
}

const HEAD_BYTES_MAX = 64 * 1024
/** Answers of known length up to this are had as bytes, others as a stream. */
export const HELD_ANSWER_BYTES_MAX = 64 * 1024
const HEAD_END = '\r\n\r\n'

/** For whatever is small; of each reading. */
let shared: Buffer | undefined

interface Receiving {
  readonly head: ResponseHead
  readonly reader: BodyReader
  readonly held: Uint8Array[]
  stream: AnswerBody | undefined
}

export class Connection {
  /** Monotonic; when whatever it waits for must have come. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** How long the other side keeps it idle, if it said so. */
  keepAliveSeconds: number | undefined
  readonly #plan: ConnectionPlan
  readonly #socket: Socket
  #isOpen = false
  #isClosed = false
  #exchange: Exchange | undefined
  #receiving: Receiving | undefined
  /** What the next reading goes to, if that is not shared. */
  #piece: Buffer | undefined
  /** The beginning of a head. */
  #partial: Buffer | undefined
  #isSending = false
  #onDrained: (() => void) | undefined
  #error: Error | undefined

  constructor(plan: ConnectionPlan) {
    this.#plan = plan
    const { host, port } = plan
    const onread = {
      buffer: () => this.#readsInto(),
      callback: (bytes: number, buffer: Uint8Array) => this.#read(bytes, buffer),
    }
    this.#socket = connect({ host, port, noDelay: true, onread })
    this.#socket.once('connect', () => {
      this.#isOpen = true
      plan.onOpen(this)
    })
    this.#socket.on('drain', () => this.#drained())
    this.#socket.on('error', (error) => (this.#error ??= error))
    this.#socket.once('end', () => this.#ended())
    this.#socket.once('close', () => this.#closed())
  }

  /** False as soon as it is known to be over, which is before it is closed. */
  get isUsable(): boolean {
    return !this.#isClosed
  }

  carries(exchange: Exchange): boolean {
    return this.#exchange === exchange
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange
    this.deadlineMs = exchange.deadlineMs
    const { body } = exchange.request
    try {
      if (body instanceof Uint8Array) this.#sendBytes(exchange.request, body)
      else void this.#sendStream(exchange, body)
    } catch (error) {
      // Nothing has been written: the head could not be made.
      this.#exchange = undefined
      exchange.over()
      exchange.failed(asError(error))
      this.#plan.onFree(this)
    }
  }

  /** Breaks off; whoever waits is told why. */
  destroy(error: Error): void {
    this.#error ??= error
    this.#shut()
    this.#fail(error)
  }

  #shut(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #sendBytes(request: HttpRequest, body: Uint8Array): void {
    const framing = body.length > 0 || takesBody(request.method) ? `content-length: ${body.length}\r\n` : ''
    const head = renderRequestHead(request, this.#plan.authority, framing)
    if (body.length > PIECE_BYTES) {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
      return
    }
    const whole = Buffer.allocUnsafe(head.length + body.length)
    whole.write(head, 0, 'latin1')
    whole.set(body, head.length)
    this.#socket.write(whole)
  }

  /** Half a body never looks like a whole one: it lacks its last chunk, or bytes of the length that was said. */
  async #sendStream(exchange: Exchange, body: AsyncIterable<Uint8Array>): Promise<void> {
    this.#isSending = true
    const isWanted = (): boolean => this.#exchange === exchange && !this.#isClosed
    try {
      const writer = writerOf(exchange.request.headers['content-length'])
      this.#socket.write(renderRequestHead(exchange.request, this.#plan.authority, writer.framing), 'latin1')
      for await (const chunk of body) {
        if (!isWanted()) return
        bytesPassed(chunk.length)
        if (!writer.write(this.#socket, chunk)) await this.#room()
        if (!isWanted()) return
      }
      writer.end(this.#socket)
      this.#isSending = false
    } catch (error) {
      if (isWanted()) this.destroy(asError(error))
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve
    })
  }

  #drained(): void {
    this.#onDrained?.()
    this.#onDrained = undefined
  }

  /** Asked after each reading. */
  #readsInto(): Buffer {
    if (this.#receiving?.stream) return (this.#piece ??= borrowPiece())
    if (this.#piece) givePieceBack(this.#piece)
    this.#piece = undefined
    return (shared ??= Buffer.allocUnsafeSlow(PIECE_BYTES))
  }

  /** False holds the other side back. */
  #read(bytes: number, buffer: Uint8Array): boolean {
    const input = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
    try {
      let at = 0
      while (at < bytes) {
        const exchange = this.#exchange
        // Nobody asked for anything, so it would be taken for the answer to the next question.
        if (!exchange) throw new MalformedAnswer('there was no request')
        at = this.#receiving ? this.#takeBody(this.#receiving, input, at) : this.#takeHead(exchange, input, at)
      }
    } catch (error) {
      this.destroy(asError(error))
    }
    return this.#receiving?.stream?.isHeldBack !== true
  }

  #takeHead(exchange: Exchange, input: Buffer, start: number): number {
    const partial = this.#partial
    const bytes = partial ? Buffer.concat([partial, input.subarray(start)]) : input
    const from = partial ? 0 : start
    const headEnd = bytes.indexOf(HEAD_END, from, 'latin1')
    if ((headEnd < 0 ? bytes.length : headEnd) - from > HEAD_BYTES_MAX) throw new MalformedAnswer('too long a head')
    if (headEnd < 0) {
      this.#partial = partial ? bytes : Buffer.from(bytes.subarray(from))
      return input.length
    }
    this.#partial = undefined
    const head = parseResponseHead(bytes.toString('latin1', from, headEnd), exchange.request.method)
    const bodyStart = headEnd + HEAD_END.length - (partial ? partial.length - start : 0)
    if (head.status === 101) throw new MalformedAnswer('a change of protocol that nobody asked for')
    // Announced answers such as 103 come before the real one.
    if (head.status < 200) return bodyStart
    const receiving = { head, reader: readerOf(head.extent), held: [], stream: undefined }
    this.#receiving = receiving
    this.deadlineMs = performance.now() + this.#plan.bodyTimeoutMs
    return this.#takeBody(receiving, input, bodyStart)
  }

  #takeBody(receiving: Receiving, input: Buffer, start: number): number {
    const { head, reader } = receiving
    const stop = reader.read(input, start, input.length)
    const part = reader.take()
    const piece = part && this.#toStay(part)
    if (reader.isComplete) {
      this.#complete(receiving, piece)
    } else {
      this.deadlineMs = performance.now() + this.#plan.bodyTimeoutMs
      if (isHeld(head)) {
        if (piece) receiving.held.push(piece)
      } else {
        this.#streamed(receiving, piece)
      }
    }
    return stop
  }

  /** What a reading brought, in memory that nobody else reads into. */
  #toStay(part: Buffer): Buffer {
    const own = this.#piece
    if (own?.buffer !== part.buffer || part.length * 2 < PIECE_BYTES) return Buffer.from(part)
    this.#piece = undefined
    return part
  }

  #streamed(receiving: Receiving, piece: Uint8Array | undefined): void {
    const { head, stream: known } = receiving
    const stream =
      known ?? new AnswerBody({ resume: () => this.#resume(receiving), giveUp: (why) => this.destroy(why) })
    if (piece) stream.add(piece)
    // A slow reader is not the sender's fault.
    if (stream.isHeldBack) this.deadlineMs = Number.POSITIVE_INFINITY
    if (known) return
    receiving.stream = stream
    this.#exchange?.answered({ status: head.status, headers: head.headers, body: stream })
  }

  #resume(receiving: Receiving): void {
    if (this.#receiving !== receiving || this.#isClosed) return
    this.deadlineMs = performance.now() + this.#plan.bodyTimeoutMs
    this.#socket.resume()
  }

  #complete(receiving: Receiving, last: Uint8Array | undefined): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#receiving = undefined
    const { head, held, stream } = receiving
    exchange?.over()
    if (stream) {
      if (last) stream.add(last)
      stream.finish()
    } else {
      if (last) held.push(last)
      exchange?.answered({ status: head.status, headers: head.headers, body: joined(held) })
    }
    this.keepAliveSeconds = head.keepAliveSeconds
    // Whoever has answered before he had everything will not read the rest.
    if (head.isKept && !this.#isSending) this.#plan.onFree(this)
    else this.#shut()
  }

  /** The other side has sent its last byte. */
  #ended(): void {
    const receiving = this.#receiving
    try {
      if (receiving) {
        receiving.reader.close()
        this.#complete(receiving, undefined)
      }
    } catch (error) {
      this.destroy(asError(error))
    }
    this.#shut()
  }

  #closed(): void {
    this.#isClosed = true
    this.#drained()
    this.#fail(this.#error ?? new Error('the connection was closed'))
    this.#plan.onClosed(this, this.#isOpen ? undefined : (this.#error ?? new Error('the connection did not open')))
  }

  #fail(error: Error): void {
    const exchange = this.#exchange
    const stream = this.#receiving?.stream
    this.#exchange = undefined
    this.#receiving = undefined
    this.deadlineMs = Number.POSITIVE_INFINITY
    exchange?.over()
    if (stream) stream.destroy(error)
    else exchange?.failed(error)
  }
}

const isHeld = ({ extent }: ResponseHead): boolean => typeof extent === 'number' && extent <= HELD_ANSWER_BYTES_MAX

const NOTHING = new Uint8Array(0)

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length < 2 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces)

/** RFC 9110 §8.6: then the length is said even if it is nothing. */
const takesBody = (method: string): boolean => method === 'POST' || method === 'PUT' || method === 'PATCH'

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
