/**
 * One exchange on a connection: the message that comes and the one that goes. No stream object of the platform: a small
 * message is bytes on both ways, and costs a few fields here.
 */
import type { Waiting } from '../overdue.ts'
import { givePieceBack } from '../pieces.ts'
import { StreamBroken } from './errors.ts'
import { type BodySource, IncomingBody, type Pace } from './incoming-body.ts'
import { CODE } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'

/** What a stream needs of its connection. */
export interface StreamHost {
  /** Bodies up to this are had as bytes when they come together with their head. */
  readonly wholeBytesMax: number
  /** Read by whoever wanted it: the windows may open again. */
  consumed(stream: Http2Stream<unknown>, bytes: number): void
  sendHead(stream: Http2Stream<unknown>, fields: readonly string[], isEnd: boolean): void
  /** It has something to send, or to end. */
  wantsToSend(stream: Http2Stream<unknown>): void
  /** Tells the other end that this is over. */
  reset(stream: Http2Stream<unknown>, code: number, error: StreamBroken): void
  /** Pieces of its body are to be passed on when this turn is over. */
  gathers(stream: Http2Stream<unknown>): void
  /** The body is not read on; what that means depends on whose it is. */
  bodyGivenUp(stream: Http2Stream<unknown>): void
}

export interface StreamEvents<Head> {
  /** The head, with the body as bytes or as a stream of its own. */
  onMessage(head: Head, body: Uint8Array | IncomingBody): void
  /** Once, and the last: without an error when both messages are complete. */
  onClosed(error: StreamBroken | undefined): void
}

/** What waits to be sent on a stream before its writer should wait, in bytes. */
const QUEUE_BYTES = 64 * 1024
const NOTHING = new Uint8Array(0)

export class Http2Stream<Head> implements BodySource, Waiting<Http2Stream<Head>> {
  readonly id: number
  movedMs = 0
  ahead: Http2Stream<Head> | undefined
  behind: Http2Stream<Head> | undefined
  /** Called when there is room for more after `write` returned false. */
  onDrain: (() => void) | undefined
  /** Called when nothing more can be sent, before the events. */
  onGone: (() => void) | undefined
  readonly #host: StreamHost
  readonly #events: StreamEvents<Head>

  // What comes.
  head: Head | undefined
  readonly receiveWindow: ReceiveWindow
  isRemoteEnded = false
  #expectedBytes = -1
  #receivedBytes = 0
  #held: Uint8Array[] | undefined = []
  #heldBytes = 0
  #body: IncomingBody | undefined
  #isUnwanted = false

  // What goes.
  sendWindow: number
  readonly #queue: Uint8Array[] = []
  /** Of the queue, what is kept by whoever sends it. */
  #last: Uint8Array | undefined
  /** How much of the first in the queue is sent. */
  #sentOfFirst = 0
  queuedBytes = 0
  /** In the line of those that the connection lets send. */
  isInLine = false
  /** All there is to send has been handed over. */
  isEnded = false
  /** The last frame has gone. */
  isLocalEnded = false
  isClosed = false
  #isHeadSent = false
  #isWaitedFor = false

  constructor(id: number, host: StreamHost, { events, receiveWindow, sendWindow }: StreamParts<Head>) {
    this.id = id
    this.#host = host
    this.#events = events
    this.receiveWindow = new ReceiveWindow(receiveWindow)
    this.sendWindow = sendWindow
  }

  get isHeadSent(): boolean {
    return this.#isHeadSent
  }

  /** The names of the fields in lower case; throws a TypeError, and has sent nothing, when one may not be sent. */
  sendHead(fields: readonly string[], isEnd: boolean): void {
    if (this.isClosed || this.#isHeadSent) return
    this.#host.sendHead(this, fields, isEnd)
    this.#isHeadSent = true
    if (isEnd) this.isEnded = true
  }

  /** False when the writer should wait for `onDrain`. The bytes are given back (`kit/pieces.ts`) once they are on their way. */
  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.isEnded) return false
    if (bytes.length > 0) {
      this.#queue.push(bytes)
      this.queuedBytes += bytes.length
      this.#host.wantsToSend(this)
    }
    this.#isWaitedFor = this.queuedBytes >= QUEUE_BYTES
    return !this.#isWaitedFor
  }

  /** The bytes must not change afterwards. */
  end(bytes: Uint8Array = NOTHING): void {
    if (this.isClosed || this.isEnded) return
    if (bytes.length > 0) {
      this.#last = bytes
      this.#queue.push(bytes)
      this.queuedBytes += bytes.length
    }
    this.isEnded = true
    this.#host.wantsToSend(this)
  }

  /** Breaks off what is not complete: half a message must never look like a whole one. */
  reset(code: number, what: string, cause?: unknown): void {
    if (!this.isClosed) this.#host.reset(this, code, new StreamBroken(what, { code, cause }))
  }

  /** Takes so many bytes out of the queue, at most what `queuedBytes` says. */
  takeQueued(bytes: number, put: (piece: Uint8Array, start: number, end: number) => void): void {
    this.queuedBytes -= bytes
    for (let left = bytes; left > 0;) {
      const first = this.#queue[0] ?? NOTHING
      const end = Math.min(first.length, this.#sentOfFirst + left)
      put(first, this.#sentOfFirst, end)
      left -= end - this.#sentOfFirst
      this.#sentOfFirst = end
      if (end < first.length) return
      this.#queue.shift()
      this.#sentOfFirst = 0
      if (first !== this.#last) givePieceBack(first)
    }
  }

  /** Its writer may go on. */
  drained(): void {
    if (!this.#isWaitedFor || this.queuedBytes >= QUEUE_BYTES / 2) return
    this.#isWaitedFor = false
    this.onDrain?.()
  }

  /** The head has come; the body follows, of so many bytes, or of an unknown number (-1). */
  begin(head: Head, expectedBytes: number): void {
    this.head = head
    this.#expectedBytes = expectedBytes
  }

  /** So many bytes of data are announced; false when the message may not have as many. */
  expects(bytes: number): boolean {
    this.#receivedBytes += bytes
    return this.#expectedBytes < 0 || this.#receivedBytes <= this.#expectedBytes
  }

  take(piece: Uint8Array, pace: (() => Pace) | undefined): void {
    if (this.#isUnwanted) return this.consumed(piece.length)
    if (this.#held) {
      this.#held.push(piece)
      this.#heldBytes += piece.length
      if (this.#heldBytes > this.#host.wholeBytesMax) this.stream(pace)
    } else {
      this.#body?.arrive(piece)
    }
  }

  /** The message is complete; false when it is shorter than was announced. */
  complete(): boolean {
    this.isRemoteEnded = true
    if (this.#expectedBytes >= 0 && this.#receivedBytes !== this.#expectedBytes) return false
    const held = this.#held
    if (!held) {
      this.#body?.finish()
      return true
    }
    this.#held = undefined
    const [first = NOTHING] = held
    const whole = held.length <= 1 ? first : Buffer.concat(held)
    if (whole.length > 0) this.consumed(whole.length)
    if (this.head !== undefined) this.#events.onMessage(this.head, whole)
    return true
  }

  /** What has come so far is handed over as a stream, if its head has come and it was not handed over yet. */
  stream(pace: (() => Pace) | undefined): void {
    const held = this.#held
    if (!held || this.head === undefined || this.isClosed) return
    this.#held = undefined
    const body = new IncomingBody(this, { heldBytesMax: this.#host.wholeBytesMax, pace: pace?.() })
    this.#body = body
    for (const piece of held) body.arrive(piece)
    this.#events.onMessage(this.head, body)
  }

  /** Whatever still comes of the message is thrown away. */
  ignoreRest(): void {
    this.#isUnwanted = true
    const bytes = this.#heldBytes
    if (!this.#held) return
    this.#held = undefined
    if (bytes > 0) this.consumed(bytes)
  }

  consumed(bytes: number): void {
    this.#host.consumed(this, bytes)
  }

  gathers(): void {
    this.#host.gathers(this)
  }

  /** The turn is over: what has come is passed on, as a stream if it has not ended. */
  turnOver(pace: (() => Pace) | undefined): void {
    if (this.#held) this.stream(pace)
    this.#body?.deliver()
  }

  giveUp(): void {
    this.#isUnwanted = true
    if (!this.isClosed && !this.isRemoteEnded) this.#host.bodyGivenUp(this)
  }

  /** The connection has forgotten it. Bytes that were not read yet are still reported when they are. */
  close(error: StreamBroken | undefined): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#queue.length = 0
    this.queuedBytes = 0
    if (this.#held && this.#heldBytes > 0) this.consumed(this.#heldBytes)
    this.#held = undefined
    if (!this.isRemoteEnded)
      this.#body?.destroy(error ?? new StreamBroken('the body broke off', { code: CODE.noError }))
    this.onGone?.()
    this.#events.onClosed(error)
  }
}

export interface StreamParts<Head> {
  readonly events: StreamEvents<Head>
  readonly receiveWindow: number
  readonly sendWindow: number
}
