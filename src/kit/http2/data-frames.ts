/** The bodies that come: windows, padding, announced lengths, and whom each piece is for (RFC 9113 §6.1, §6.9). */
import type { Conduct } from './conduct.ts'
import { ConnectionFault } from './errors.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Pace } from './incoming-body.ts'
import { CODE, FLAG } from './protocol.ts'
import type { ReceiveWindow } from './receive-window.ts'
import type { Http2Stream } from './stream.ts'

export interface DataHost<Head> {
  readonly frame: FrameReader
  readonly streams: ReadonlyMap<number, Http2Stream<Head>>
  readonly conduct: Conduct
  readonly window: ReceiveWindow
  readonly pace: (() => Pace) | undefined
  /** Bytes that nobody will read. */
  readonly credit: (bytes: number) => void
  readonly unknownStream: (streamId: number) => void
  readonly malformed: (stream: Http2Stream<Head>, what: string) => void
  readonly moved: (stream: Http2Stream<Head>) => void
  readonly ended: (stream: Http2Stream<Head>) => void
}

export class DataFrames<Head> {
  readonly #host: DataHost<Head>
  /** Of the present frame. */
  #stream: Http2Stream<Head> | undefined

  constructor(host: DataHost<Head>) {
    this.#host = host
  }

  begin(): void {
    const { frame, streams, window, conduct } = this.#host
    const { streamId, length, flags } = frame
    if (!window.take(length)) throw new ConnectionFault(CODE.flowControlError, 'more than the window lets through')
    const stream = streams.get(streamId)
    this.#stream = stream
    if (!stream) return this.#host.unknownStream(streamId)
    if (stream.isRemoteEnded) throw new ConnectionFault(CODE.streamClosed, 'data after the end of a message')
    if (!stream.receiveWindow.take(length))
      throw new ConnectionFault(CODE.flowControlError, 'more than a window lets through')
    if (length === 0 && (flags & FLAG.endStream) === 0) conduct.waste()
    if (stream.head === undefined) return this.#host.malformed(stream, 'a body without a head')
    if ((flags & FLAG.padded) === 0) this.#expect(stream, length)
    this.#host.moved(stream)
  }

  piece(piece: Buffer): void {
    if (!this.#stream || this.#stream.isClosed) this.#host.credit(piece.length)
    else this.#stream.take(piece, this.#host.pace)
  }

  end(): void {
    const stream = this.#stream
    this.#stream = undefined
    if (stream && !stream.isClosed && (this.#host.frame.flags & FLAG.endStream) !== 0) this.#host.ended(stream)
  }

  /** A frame with padding comes as a whole. */
  padded(payload: Buffer, start: number, end: number): void {
    const padding = payload[start] ?? 0
    const last = end - padding
    if (start + 1 > last) throw new ConnectionFault(CODE.protocolError, 'more padding than frame')
    const stream = this.#stream
    if (stream && !stream.isClosed) {
      this.#expect(stream, last - start - 1)
      stream.consumed(padding + 1)
      if (last === start + 1) this.#host.conduct.waste()
    } else {
      this.#host.credit(padding + 1)
    }
    if (last > start + 1) this.piece(payload.subarray(start + 1, last))
    this.end()
  }

  #expect(stream: Http2Stream<Head>, bytes: number): void {
    if (!stream.expects(bytes)) this.#host.malformed(stream, 'the body is longer than was announced')
  }
}
