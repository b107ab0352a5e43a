/**
 * Cuts what a socket delivers into frames (RFC 9113 §4.1). A frame that lies whole in a chunk is looked at where it is;
 * only one that is spread over several is put together, and data are never: they go on in the pieces they come in.
 */
import { ConnectionFault } from './errors.ts'
import { CODE, FLAG, FRAME, FRAME_HEAD_BYTES, PREFACE } from './protocol.ts'

export interface FrameSink {
  /** The head of a frame has come; throws when it may not come now. */
  onFrameBegins(): void
  /** A frame other than data in pieces is complete; its payload is only there during the call. */
  onFrame(payload: Buffer, start: number, end: number): void
  onData(piece: Buffer): void
  onDataEnds(): void
}

export class FrameReader {
  /** Of the present frame. */
  type = 0
  flags = 0
  streamId = 0
  length = 0
  /** Frames that have begun so far. */
  count = 0
  readonly #sink: FrameSink
  readonly #head = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES)
  #headBytes = 0
  #prefaceLeft: number
  #dataLeft = 0
  /** A frame that is being put together. */
  #parts: Buffer | undefined
  #partsBytes = 0

  constructor(sink: FrameSink, { expectsPreface }: { readonly expectsPreface: boolean }) {
    this.#sink = sink
    this.#prefaceLeft = expectsPreface ? PREFACE.length : 0
  }

  /** A frame, or the preface, has come in part, and it is not data, which are of use in part. */
  get isWithinFrame(): boolean {
    return this.#headBytes > 0 || this.#parts !== undefined || this.#prefaceLeft > 0
  }

  /** Whatever the sink throws ends the reading for good. */
  read(chunk: Buffer): void {
    let at = this.#prefaceLeft > 0 ? this.#readPreface(chunk) : 0
    const { length } = chunk
    while (at < length) {
      if (this.#dataLeft > 0) at = this.#readData(chunk, at)
      else if (this.#parts) at = this.#readPart(chunk, at)
      else if (this.#headBytes > 0 || length - at < FRAME_HEAD_BYTES) at = this.#readHead(chunk, at)
      else {
        this.#begin(chunk, at)
        at = this.#readPayload(chunk, at + FRAME_HEAD_BYTES)
      }
    }
  }

  #readPreface(chunk: Buffer): number {
    const wanted = PREFACE.subarray(PREFACE.length - this.#prefaceLeft)
    const came = Math.min(wanted.length, chunk.length)
    if (wanted.compare(chunk, 0, came, 0, came) !== 0) {
      throw new ConnectionFault(CODE.protocolError, 'this is not how HTTP/2 begins')
    }
    this.#prefaceLeft -= came
    return came
  }

  #begin(head: Buffer, at: number): void {
    this.length = ((head[at] ?? 0) << 16) | ((head[at + 1] ?? 0) << 8) | (head[at + 2] ?? 0)
    this.type = head[at + 3] ?? 0
    this.flags = head[at + 4] ?? 0
    this.streamId =
      (((head[at + 5] ?? 0) & 0x7f) << 24) |
      ((head[at + 6] ?? 0) << 16) |
      ((head[at + 7] ?? 0) << 8) |
      (head[at + 8] ?? 0)
    this.count += 1
    this.#sink.onFrameBegins()
  }

  /** Returns how far it came. */
  #readPayload(chunk: Buffer, at: number): number {
    const { length } = this
    if (this.type === FRAME.data && (this.flags & FLAG.padded) === 0) {
      this.#dataLeft = length
      if (length === 0) this.#sink.onDataEnds()
      return at
    }
    if (chunk.length - at >= length) {
      this.#sink.onFrame(chunk, at, at + length)
      return at + length
    }
    this.#parts = Buffer.allocUnsafe(length)
    this.#partsBytes = 0
    return at
  }

  #readData(chunk: Buffer, at: number): number {
    const came = Math.min(this.#dataLeft, chunk.length - at)
    this.#dataLeft -= came
    this.#sink.onData(came === chunk.length ? chunk : chunk.subarray(at, at + came))
    if (this.#dataLeft === 0) this.#sink.onDataEnds()
    return at + came
  }

  #readPart(chunk: Buffer, at: number): number {
    const parts = this.#parts ?? chunk
    const came = Math.min(this.length - this.#partsBytes, chunk.length - at)
    chunk.copy(parts, this.#partsBytes, at, at + came)
    this.#partsBytes += came
    if (this.#partsBytes === this.length) {
      this.#parts = undefined
      this.#sink.onFrame(parts, 0, this.length)
    }
    return at + came
  }

  #readHead(chunk: Buffer, at: number): number {
    const came = Math.min(FRAME_HEAD_BYTES - this.#headBytes, chunk.length - at)
    chunk.copy(this.#head, this.#headBytes, at, at + came)
    this.#headBytes += came
    if (this.#headBytes < FRAME_HEAD_BYTES) return at + came
    this.#headBytes = 0
    this.#begin(this.#head, 0)
    return this.#readPayload(chunk, at + came)
  }
}
