/**
 * Where the body of an HTTP/1.1 answer ends (RFC 9112 §6 and §7), as its bytes come. All of one reading is handed on in
 * one piece, however small the chunks are that the sender made of it: they are moved together where they lie.
 */
import { type BodyExtent, MalformedAnswer } from './response-head.ts'

export interface BodyReader {
  /** Takes from `input`, between `start` and `end`, what belongs to the body, and returns where that stopped. May write there. */
  read(input: Buffer, start: number, end: number): number
  /** What the last reading brought, as a part of its input; undefined when that was nothing. */
  take(): Buffer | undefined
  readonly isComplete: boolean
  /** The connection was closed: throws unless the body may end so. */
  close(): void
}

export const readerOf = (extent: BodyExtent): BodyReader =>
  extent === 'chunked' ? new ChunkedReader() : new LengthReader(extent === 'until close' ? Infinity : extent)

class LengthReader implements BodyReader {
  #left: number
  readonly #isUntilClose: boolean
  #taken: Buffer | undefined

  constructor(length: number) {
    this.#left = length
    this.#isUntilClose = length === Infinity
  }

  get isComplete(): boolean {
    return this.#left === 0
  }

  read(input: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#left)
    if (stop > start) this.#taken = input.subarray(start, stop)
    this.#left -= stop - start
    return stop
  }

  take(): Buffer | undefined {
    const taken = this.#taken
    this.#taken = undefined
    return taken
  }

  close(): void {
    if (!this.#isUntilClose) throw new MalformedAnswer('it ended early')
    this.#left = 0
  }
}

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
const SIZE_DIGITS_MAX = 12
/** Extensions of a chunk and the trailers are read past, not for ever. */
const SKIPPED_BYTES_MAX = 16 * 1024

type Place = 'size' | 'extension' | 'size end' | 'data' | 'data CR' | 'data LF' | 'trailer' | 'trailer LF' | 'over'

class ChunkedReader implements BodyReader {
  #place: Place = 'size'
  #size = 0
  #digits = 0
  #skipped = 0
  #lineLength = 0
  /** What was read and not taken: a part of its input, and from where to where. */
  #input: Buffer | undefined
  #start = 0
  #end = 0

  get isComplete(): boolean {
    return this.#place === 'over'
  }

  read(input: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && this.#place !== 'over') {
      if (this.#place === 'data') at += this.#data(input, at, end)
      else this.#frame(input[at++] ?? 0)
    }
    return at
  }

  take(): Buffer | undefined {
    const taken = this.#input?.subarray(this.#start, this.#end)
    this.#input = undefined
    return taken
  }

  close(): void {
    throw new MalformedAnswer('it ended early')
  }

  #data(input: Buffer, at: number, end: number): number {
    const length = Math.min(this.#size, end - at)
    if (this.#input) {
      input.copyWithin(this.#end, at, at + length)
    } else {
      this.#input = input
      this.#start = at
      this.#end = at
    }
    this.#end += length
    this.#size -= length
    if (this.#size === 0) this.#place = 'data CR'
    return length
  }

  #frame(byte: number): void {
    switch (this.#place) {
      case 'size':
        return this.#sizeLine(byte)
      case 'extension':
        if (byte === CR) this.#place = 'size end'
        else this.#skip(byte)
        return
      case 'size end':
        this.#expect(byte, LF)
        this.#place = this.#size === 0 ? 'trailer' : 'data'
        this.#digits = 0
        this.#lineLength = 0
        return
      case 'data CR':
        this.#expect(byte, CR)
        this.#place = 'data LF'
        return
      case 'data LF':
        this.#expect(byte, LF)
        this.#place = 'size'
        return
      case 'trailer':
        if (byte === CR) this.#place = 'trailer LF'
        else this.#skip(byte)
        return
      default:
        this.#expect(byte, LF)
        this.#place = this.#lineLength === 0 ? 'over' : 'trailer'
        this.#lineLength = 0
    }
  }

  #sizeLine(byte: number): void {
    const digit = hexDigit(byte)
    if (digit !== undefined) {
      this.#digits += 1
      if (this.#digits > SIZE_DIGITS_MAX) throw new MalformedAnswer('the size of a chunk')
      this.#size = this.#size * 16 + digit
    } else if (this.#digits === 0) {
      throw new MalformedAnswer('the size of a chunk')
    } else if (byte === CR) {
      this.#place = 'size end'
    } else if (byte === SEMICOLON) {
      this.#place = 'extension'
    } else {
      throw new MalformedAnswer('the size of a chunk')
    }
  }

  #skip(byte: number): void {
    this.#skipped += 1
    this.#lineLength += 1
    if (byte === LF) throw new MalformedAnswer('a line that ends with LF only')
    if (this.#skipped > SKIPPED_BYTES_MAX) throw new MalformedAnswer('too much beside the body')
  }

  #expect(byte: number, expected: number): void {
    if (byte !== expected) throw new MalformedAnswer('the end of a line in the body')
  }
}

const hexDigit = (byte: number): number | undefined => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined
}
