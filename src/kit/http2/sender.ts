/**
 * The sending half of a connection: blocks of fields in the order in which they were encoded, and data as far as both
 * windows allow (RFC 9113 §5.2), a frame of each stream in turn, as large as the other end takes.
 */
import { ConnectionFault } from './errors.ts'
import { type EncoderOptions, HeaderEncoder } from './hpack/encoder.ts'
import type { Outbox } from './outbox.ts'
import { CODE, DEFAULT_FRAME_BYTES, DEFAULT_WINDOW_BYTES, FLAG, FRAME, WINDOW_BYTES_LIMIT } from './protocol.ts'
import { type PeerSettings, settingsUntilSaid } from './settings.ts'
import type { Http2Stream } from './stream.ts'

export interface SenderEvents {
  /** The last frame of a stream is in the outbox. */
  onLocalEnd(stream: Http2Stream<unknown>): void
  /** Data were put into the outbox. */
  onSent(stream: Http2Stream<unknown>): void
  /** There is something in the outbox. */
  onFilled(): void
}

export class Sender {
  readonly peer: PeerSettings = settingsUntilSaid()
  readonly #outbox: Outbox
  readonly #encoder: HeaderEncoder
  readonly #events: SenderEvents
  #window = DEFAULT_WINDOW_BYTES
  /** Those that have something to send, and room in their window, in the order of their turns. */
  readonly #line: Http2Stream<unknown>[] = []
  readonly #put: (piece: Uint8Array, start: number, end: number) => void

  constructor(outbox: Outbox, encoding: EncoderOptions, events: SenderEvents) {
    this.#outbox = outbox
    this.#encoder = new HeaderEncoder(encoding)
    this.#events = events
    this.#put = (piece, start, end) => outbox.append(piece, start, end)
  }

  /** A small frame that says something by itself. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#outbox.head(type, flags, streamId, payload.length)
    if (payload.length > 0) this.#outbox.append(payload, 0, payload.length)
    this.#events.onFilled()
  }

  /** A frame whose payload is one number of 32 bits. */
  numberFrame(type: number, streamId: number, value: number): void {
    this.#outbox.head(type, FLAG.none, streamId, 4)
    this.#outbox.number(value)
    this.#events.onFilled()
  }

  sendHead(stream: Http2Stream<unknown>, fields: readonly string[], isEnd: boolean): void {
    const block = this.#encoder.encode(fields)
    const endStream = isEnd ? FLAG.endStream : FLAG.none
    // No larger than anybody takes: a block is written at once, whatever waits behind it.
    let end = Math.min(block.length, DEFAULT_FRAME_BYTES)
    this.#outbox.head(FRAME.headers, endStream | (end === block.length ? FLAG.endHeaders : 0), stream.id, end)
    this.#outbox.append(block, 0, end)
    while (end < block.length) {
      const start = end
      end = Math.min(block.length, start + DEFAULT_FRAME_BYTES)
      this.#outbox.head(FRAME.continuation, end === block.length ? FLAG.endHeaders : 0, stream.id, end - start)
      this.#outbox.append(block, start, end)
    }
    this.#events.onFilled()
    if (!isEnd) return
    stream.isLocalEnded = true
    this.#events.onLocalEnd(stream)
  }

  wantsToSend(stream: Http2Stream<unknown>): void {
    // What is small and has no one before it need not wait for its turn.
    if (this.#line.length === 0 && stream.isEnded && this.#fitsAtOnce(stream))
      return this.#sendFrame(stream, stream.queuedBytes)
    this.#join(stream)
    this.#events.onFilled()
  }

  /** Hands the socket what is ready, and of the data as much as it should have now. */
  pump(): void {
    for (;;) {
      const hasMore = this.#fill()
      this.#outbox.flush()
      if (!hasMore || !this.#outbox.takesData) return
    }
  }

  /** Whether there is more. */
  #fill(): boolean {
    while (this.#line.length > 0 && this.#outbox.takesData) {
      const stream = this.#line.shift()
      if (!stream) return false
      stream.isInLine = false
      if (stream.isClosed || !this.#hasTurn(stream)) continue
      const room = Math.min(this.#outbox.roomForData(), this.peer.maxFrameSize)
      const bytes = Math.max(0, Math.min(stream.queuedBytes, room, stream.sendWindow, this.#window))
      if (bytes === 0 && stream.queuedBytes > 0) {
        // Only the window of the connection is in the way, and that is in the way of all.
        this.#line.unshift(stream)
        stream.isInLine = true
        return false
      }
      this.#sendFrame(stream, bytes)
      if (!stream.isClosed && !stream.isLocalEnded) {
        this.#join(stream)
        stream.drained()
      }
    }
    return this.#line.length > 0 && this.#window > 0
  }

  /** More may be sent, on one stream or on the connection. */
  openWindow(stream: Http2Stream<unknown> | undefined, bytes: number): void {
    const window = (stream ? stream.sendWindow : this.#window) + bytes
    if (window > WINDOW_BYTES_LIMIT) throw new ConnectionFault(CODE.flowControlError, 'a window beyond its limit')
    if (stream) {
      stream.sendWindow = window
      this.#join(stream)
    } else {
      this.#window = window
    }
    if (this.#line.length > 0) this.#events.onFilled()
  }

  /** The other end's SETTINGS have changed; a smaller first window may leave streams with less than nothing (§6.9.2). */
  adopt(streams: Iterable<Http2Stream<unknown>>, windowBefore: number): void {
    this.#encoder.limitTable(this.peer.headerTableSize)
    const change = this.peer.initialWindowSize - windowBefore
    if (change === 0) return
    for (const stream of streams) this.openWindow(stream, change)
  }

  #fitsAtOnce({ queuedBytes, sendWindow }: Http2Stream<unknown>): boolean {
    const most = Math.min(DEFAULT_FRAME_BYTES, sendWindow, this.#window)
    return queuedBytes === 0 || (queuedBytes <= most && this.#outbox.takesData)
  }

  #hasTurn({ queuedBytes, sendWindow, isEnded, isLocalEnded }: Http2Stream<unknown>): boolean {
    return queuedBytes > 0 ? sendWindow > 0 : isEnded && !isLocalEnded
  }

  #join(stream: Http2Stream<unknown>): void {
    if (stream.isInLine || stream.isClosed || !this.#hasTurn(stream)) return
    stream.isInLine = true
    this.#line.push(stream)
  }

  #sendFrame(stream: Http2Stream<unknown>, bytes: number): void {
    const isLast = stream.isEnded && bytes === stream.queuedBytes
    this.#outbox.head(FRAME.data, isLast ? FLAG.endStream : FLAG.none, stream.id, bytes)
    stream.takeQueued(bytes, this.#put)
    stream.sendWindow -= bytes
    this.#window -= bytes
    this.#events.onSent(stream)
    this.#events.onFilled()
    if (!isLast) return
    stream.isLocalEnded = true
    this.#events.onLocalEnd(stream)
  }
}
