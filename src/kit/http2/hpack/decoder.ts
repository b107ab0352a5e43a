/**
 * Reading blocks of fields (RFC 7541), and whether each name and value may stand in HTTP/2 at all (RFC 9113 §8.2.1):
 * that is looked at once, when the characters come, and remembered with what goes into the table.
 *
 * A block is read to its end whatever is in it, because the table must come to what the sender has. What is kept of it
 * is bounded by its size and its number of fields: a block of a few bytes can name a large field thousands of times.
 */
import { ConnectionFault } from '../errors.ts'
import { CODE, DEFAULT_HEADER_TABLE_BYTES } from '../protocol.ts'
import { COLON, IN_NAME, IN_VALUE, SPACE, TAB } from './characters.ts'
import { decodeHuffman } from './huffman.ts'
import { ENTRY_OVERHEAD_BYTES, FIRST_DYNAMIC, STATIC_NAMES, STATIC_VALUES } from './static-table.ts'

export interface FieldSection {
  /** Names and values in turn, in the order sent; empty when too large. */
  readonly fields: readonly string[]
  /** There is a name or value that HTTP/2 does not allow. */
  readonly isMalformed: boolean
  /** Beyond the bounds. */
  readonly isTooLarge: boolean
}

export interface SectionBounds {
  /** Characters of all names and values. */
  readonly charactersMax: number
  readonly pairsMax: number
}

const broken = (what: string): ConnectionFault => new ConnectionFault(CODE.compressionError, what)

/** §5.1: no number in a block is larger; more would only be a way to waste our time. */
const INTEGER_MAX = 2 ** 28

/** As many entries as the table can have; a power of two, so that a mask finds the place of a number. */
const PLACES = DEFAULT_HEADER_TABLE_BYTES / ENTRY_OVERHEAD_BYTES

let scratch = Buffer.allocUnsafeSlow(4_096)

export class HeaderDecoder {
  readonly #bounds: SectionBounds
  readonly #names: string[] = []
  readonly #values: string[] = []
  readonly #spoiled: boolean[] = []
  /** Entries ever made; the newest is at the place of this, less one. */
  #made = 0
  #entries = 0
  #bytes = 0
  #bytesMax = DEFAULT_HEADER_TABLE_BYTES
  #block: Buffer = scratch
  #at = 0
  #end = 0
  #fields: string[] = []
  #characters = 0
  #pairs = 0
  #isMalformed = false
  /** What was read last may not stand in HTTP/2. */
  #isSpoiled = false

  constructor(bounds: SectionBounds) {
    this.#bounds = bounds
  }

  /** Throws a {@link ConnectionFault} when it is no block: what comes after could not be understood either. */
  decode(block: Buffer, start: number, end: number): FieldSection {
    this.#block = block
    this.#at = start
    this.#end = end
    this.#fields = []
    this.#characters = 0
    this.#pairs = 0
    this.#isMalformed = false
    this.#readSizes()
    while (this.#at < this.#end) this.#readField()
    // Who keeps the last block keeps what it was read from.
    this.#block = scratch
    const isTooLarge = this.#isTooLarge()
    return { fields: isTooLarge ? [] : this.#fields, isMalformed: this.#isMalformed, isTooLarge }
  }

  /** §4.2: the size of the table changes at the beginning of a block only. */
  #readSizes(): void {
    while (this.#at < this.#end && ((this.#block[this.#at] ?? 0) & 0xe0) === 0x20) {
      const size = this.#integer(0x1f)
      if (size > DEFAULT_HEADER_TABLE_BYTES) throw broken('the table shall be larger than we said it may be')
      this.#bytesMax = size
      this.#makeRoom(0)
    }
  }

  #readField(): void {
    const first = this.#block[this.#at] ?? 0
    if ((first & 0x80) !== 0) return this.#readIndexed(this.#integer(0x7f))
    if ((first & 0x40) !== 0) return this.#readLiteral(this.#integer(0x3f), true)
    if ((first & 0x20) !== 0) throw broken('the size of the table changes within a block')
    this.#readLiteral(this.#integer(0x0f), false)
  }

  #readIndexed(number: number): void {
    if (number === 0) throw broken('a field without number')
    if (number < FIRST_DYNAMIC) return this.#keep(STATIC_NAMES[number] ?? '', STATIC_VALUES[number] ?? '', false)
    const place = this.#placeOf(number)
    this.#keep(this.#names[place] ?? '', this.#values[place] ?? '', this.#spoiled[place] ?? false)
  }

  #readLiteral(number: number, isRemembered: boolean): void {
    this.#isSpoiled = false
    const name = number === 0 ? this.#string(true) : this.#nameOf(number)
    const value = this.#string(false)
    this.#keep(name, value, this.#isSpoiled)
    if (isRemembered) this.#remember(name, value)
  }

  #nameOf(number: number): string {
    if (number < FIRST_DYNAMIC) return STATIC_NAMES[number] ?? ''
    const place = this.#placeOf(number)
    // Its value may be what is wrong with it, but then whoever sends it is not in order either.
    this.#isSpoiled = this.#spoiled[place] ?? false
    return this.#names[place] ?? ''
  }

  #placeOf(number: number): number {
    const age = number - FIRST_DYNAMIC
    if (age >= this.#entries) throw broken('a field that nobody has sent')
    return (this.#made - 1 - age) & (PLACES - 1)
  }

  #keep(name: string, value: string, isSpoiled: boolean): void {
    if (isSpoiled) this.#isMalformed = true
    this.#pairs += 1
    this.#characters += name.length + value.length
    if (!this.#isTooLarge()) this.#fields.push(name, value)
  }

  #isTooLarge(): boolean {
    return this.#characters > this.#bounds.charactersMax || this.#pairs > this.#bounds.pairsMax
  }

  /** §4.4: a field that is larger than the table empties it, and is no error. */
  #remember(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD_BYTES
    this.#makeRoom(size)
    if (size > this.#bytesMax) return
    const place = this.#made & (PLACES - 1)
    this.#names[place] = name
    this.#values[place] = value
    this.#spoiled[place] = this.#isSpoiled
    this.#made += 1
    this.#entries += 1
    this.#bytes += size
  }

  #makeRoom(size: number): void {
    while (this.#entries > 0 && this.#bytes + size > this.#bytesMax) {
      const oldest = (this.#made - this.#entries) & (PLACES - 1)
      this.#bytes -= (this.#names[oldest] ?? '').length + (this.#values[oldest] ?? '').length + ENTRY_OVERHEAD_BYTES
      this.#names[oldest] = ''
      this.#values[oldest] = ''
      this.#entries -= 1
    }
  }

  /** §5.1. The mask says which bits of the first byte are its. */
  #integer(mask: number): number {
    const first = (this.#block[this.#at++] ?? 0) & mask
    if (first < mask) return first
    let value = mask
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end) throw broken('a number breaks off')
      const byte = this.#block[this.#at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (value > INTEGER_MAX || shift > 28) throw broken('a number is too large')
      if (byte < 0x80) return value
    }
  }

  /** §5.2. */
  #string(isName: boolean): string {
    if (this.#at >= this.#end) throw broken('a string is missing')
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0
    const length = this.#integer(0x7f)
    const start = this.#at
    const end = start + length
    if (end > this.#end) throw broken('a string breaks off')
    this.#at = end
    if (!isHuffman) return this.#text(this.#block, start, { end, isName })
    if (scratch.length < length * 2) scratch = Buffer.allocUnsafeSlow(length * 2)
    const plain = decodeHuffman(this.#block, start, end, scratch)
    if (plain < 0) throw broken('a string is not in the Huffman code')
    return this.#text(scratch, 0, { end: plain, isName })
  }

  #text(bytes: Buffer, start: number, { end, isName }: { readonly end: number; readonly isName: boolean }): string {
    if (isName ? !isFieldName(bytes, start, end) : !isFieldValue(bytes, start, end)) this.#isSpoiled = true
    return start === end ? '' : bytes.toString('latin1', start, end)
  }
}

const isFieldName = (bytes: Uint8Array, start: number, end: number): boolean => {
  let at = bytes[start] === COLON ? start + 1 : start
  if (at >= end) return false
  for (; at < end; at++) if (IN_NAME[bytes[at] ?? 0] === 0) return false
  return true
}

/** RFC 9113 §8.2.1: a value neither begins nor ends with white space. */
const isFieldValue = (bytes: Uint8Array, start: number, end: number): boolean => {
  if (start === end) return true
  if (isBlank(bytes[start]) || isBlank(bytes[end - 1])) return false
  for (let at = start; at < end; at++) if (IN_VALUE[bytes[at] ?? 0] === 0) return false
  return true
}

const isBlank = (code: number | undefined): boolean => code === SPACE || code === TAB
