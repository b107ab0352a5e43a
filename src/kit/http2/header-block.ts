/** A block of fields, which may be spread over a frame and its continuations (RFC 9113 §4.3, §6.2, §6.10). */
import { ConnectionFault } from './errors.ts'
import { CODE, FLAG } from './protocol.ts'

export interface Block {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** The message ends with it. */
  readonly endsStream: boolean
}

const PRIORITY_BYTES = 5

export class HeaderBlock {
  readonly #bytesMax: number
  #streamId = 0
  #endsStream = false
  #parts: Buffer[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Nothing but its continuation may come now. */
  get isOpen(): boolean {
    return this.#streamId !== 0
  }

  get streamId(): number {
    return this.#streamId
  }

  /** The payload of HEADERS; the block, if that was all of it. */
  begin(
    frame: { readonly flags: number; readonly streamId: number },
    payload: Buffer,
    [start, end]: Range,
  ): Block | undefined {
    const { flags, streamId } = frame
    const [first, last] = withoutExtras(flags, payload, [start, end])
    const endsStream = (flags & FLAG.endStream) !== 0
    if (last - first > this.#bytesMax) throw tooLarge()
    if ((flags & FLAG.endHeaders) !== 0) return { bytes: payload, start: first, end: last, endsStream }
    this.#streamId = streamId
    this.#endsStream = endsStream
    this.#parts = [Buffer.from(payload.subarray(first, last))]
    this.#bytes = last - first
    return undefined
  }

  /** The payload of CONTINUATION. */
  goOn(flags: number, payload: Buffer, [start, end]: Range): Block | undefined {
    if (!this.isOpen) throw new ConnectionFault(CODE.protocolError, 'a continuation of nothing')
    this.#bytes += end - start
    if (this.#bytes > this.#bytesMax) throw tooLarge()
    this.#parts.push(Buffer.from(payload.subarray(start, end)))
    if ((flags & FLAG.endHeaders) === 0) return undefined
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    this.#streamId = 0
    return { bytes, start: 0, end: bytes.length, endsStream: this.#endsStream }
  }
}

type Range = readonly [start: number, end: number]

/** Without padding, and without priorities, which nobody has to heed (§5.3.2). */
const withoutExtras = (flags: number, payload: Buffer, [start, end]: Range): Range => {
  let [first, last] = [start, end]
  if ((flags & FLAG.padded) !== 0) {
    last -= payload[first] ?? 0
    first += 1
  }
  if ((flags & FLAG.priority) !== 0) first += PRIORITY_BYTES
  if (first > last) throw new ConnectionFault(CODE.protocolError, 'more padding than frame')
  return [first, last]
}

/** A block that is not read to its end leaves the table unknown, so there is no going on. */
const tooLarge = (): ConnectionFault => new ConnectionFault(CODE.enhanceYourCalm, 'the fields are too large')
