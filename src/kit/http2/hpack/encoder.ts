/**
 * Writing blocks of fields (RFC 7541). What is said again and again is said once and then by its number, so that the
 * second request of a connection is a handful of bytes, which is as cheap for the other end as for us. What is new
 * every time (ids, times) is written as it is: it would push out of the table what is worth keeping.
 */
import { DEFAULT_HEADER_TABLE_BYTES } from '../protocol.ts'
import { COLON, IN_NAME, IN_VALUE } from './characters.ts'
import { ENTRY_OVERHEAD_BYTES, FIRST_DYNAMIC, STATIC_NAME } from './static-table.ts'

export interface EncoderOptions {
  /** Names whose values are different every time. */
  readonly unique: ReadonlySet<string>
  /** Names of secrets: nobody on the way may put them into a table either (§7.1.3). */
  readonly secret: ReadonlySet<string>
}

/** Names and values in turn. */
export type FieldList = readonly string[]

/** What is known of a name on this connection. */
interface NameEntry {
  readonly name: string
  readonly staticNumber: number
  readonly kind: 'repeated' | 'unique' | 'secret'
  /** Where its values are: the number in the static table, or the count of the entry, negative. */
  readonly values: Map<string, number>
}

interface TableEntry {
  readonly of: NameEntry
  readonly value: string
  readonly bytes: number
}

/** Larger fields would leave too little room for others. */
const ENTRY_BYTES_MAX = DEFAULT_HEADER_TABLE_BYTES / 4
/** Names that somebody could make up without end are not remembered beyond this. */
const NAMES_MAX = 200
/** The longest form of a number (§5.1). */
const NUMBER_BYTES_MAX = 6

/** RFC 9113 §8.2.2: what belongs to one connection does not exist in HTTP/2. */
const OF_ONE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
])

/** All connections write here, one block after the other, and copy it to where it is to go at once. */
let target = Buffer.allocUnsafeSlow(16 * 1024)
let at = 0

export class HeaderEncoder {
  readonly #options: EncoderOptions
  readonly #names = new Map<string, NameEntry>()
  #table: TableEntry[] = []
  /** Entries ever made. */
  #made = 0
  #bytes = 0
  #bytesMax = DEFAULT_HEADER_TABLE_BYTES
  /** Smallest and present size that the other end has not been told of (§4.2). */
  #sizesToTell: readonly number[] = []

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** What the other end's SETTINGS allow. We never need more than the table everybody has. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, DEFAULT_HEADER_TABLE_BYTES)
    if (size !== this.#bytesMax) this.#resize(Math.min(size, ...this.#sizesToTell), size)
  }

  /**
   * Valid until the next call, of whichever connection. Throws a TypeError when a name or value may not stand in a
   * field; nothing is to be sent then, and the next block says so to the other end.
   */
  encode(fields: FieldList): Buffer {
    at = 0
    for (const size of this.#sizesToTell) writeInteger(size, 0x1f, 0x20)
    try {
      for (let index = 0; index < fields.length; index += 2) this.#field(fields[index] ?? '', fields[index + 1] ?? '')
    } catch (error) {
      // The table has what the other end will never hear of: both begin anew.
      this.#resize(0, this.#bytesMax)
      throw error
    }
    if (this.#sizesToTell.length > 0) this.#sizesToTell = []
    return target.subarray(0, at)
  }

  #resize(smallest: number, size: number): void {
    this.#bytesMax = smallest
    this.#makeRoom(0)
    this.#bytesMax = size
    this.#sizesToTell = smallest === size ? [size] : [smallest, size]
  }

  #field(name: string, value: string): void {
    const entry = this.#names.get(name) ?? this.#meet(name)
    const known = entry.values.get(value)
    ensure(entry.name.length + value.length + 3 * NUMBER_BYTES_MAX)
    if (known !== undefined) return writeInteger(known > 0 ? known : this.#numberOf(-known), 0x7f, 0x80)
    const number = entry.staticNumber
    const bytes = entry.name.length + value.length + ENTRY_OVERHEAD_BYTES
    const isRemembered = entry.kind === 'repeated' && bytes <= ENTRY_BYTES_MAX && bytes <= this.#bytesMax
    if (isRemembered) writeInteger(number, 0x3f, 0x40)
    else writeInteger(number, 0x0f, entry.kind === 'secret' ? 0x10 : 0)
    if (number === 0) writeString(entry.name)
    writeString(value)
    if (isRemembered) this.#remember(entry, value, bytes)
  }

  #meet(spelled: string): NameEntry {
    const name = spelled.toLowerCase()
    if (!isFieldName(name) || OF_ONE_CONNECTION.has(name)) throw new TypeError(`${spelled} is no field of HTTP/2`)
    const { unique, secret } = this.#options
    const hasRoom = this.#names.size < NAMES_MAX
    const fixed = STATIC_NAME.get(name)
    const entry: NameEntry = {
      name,
      staticNumber: fixed?.number ?? 0,
      kind: secret.has(name) ? 'secret' : unique.has(name) || !hasRoom ? 'unique' : 'repeated',
      values: new Map(fixed?.values),
    }
    if (hasRoom) this.#names.set(spelled, entry)
    return entry
  }

  #numberOf(count: number): number {
    return FIRST_DYNAMIC + this.#made - count
  }

  #remember(entry: NameEntry, value: string, bytes: number): void {
    this.#makeRoom(bytes)
    this.#made += 1
    this.#table.push({ of: entry, value, bytes })
    entry.values.set(value, -this.#made)
    this.#bytes += bytes
  }

  #makeRoom(bytes: number): void {
    while (this.#bytes + bytes > this.#bytesMax) {
      const oldest = this.#table.shift()
      if (!oldest) return
      this.#bytes -= oldest.bytes
      oldest.of.values.delete(oldest.value)
    }
  }
}

const isFieldName = (name: string): boolean => {
  let index = name.charCodeAt(0) === COLON ? 1 : 0
  if (index >= name.length) return false
  for (; index < name.length; index++) if (IN_NAME[name.charCodeAt(index)] !== 1) return false
  return true
}

const ensure = (bytes: number): void => {
  if (at + bytes <= target.length) return
  const larger = Buffer.allocUnsafeSlow(2 * (at + bytes))
  target.copy(larger, 0, 0, at)
  target = larger
}

/** §5.1. The mask has the bits that the number may use of the first byte. */
const writeInteger = (value: number, mask: number, before: number): void => {
  if (value < mask) {
    target[at++] = before | value
    return
  }
  target[at++] = before | mask
  let left = value - mask
  for (; left >= 0x80; left >>>= 7) target[at++] = (left & 0x7f) | 0x80
  target[at++] = left
}

/** §5.2, not in the Huffman code. */
const writeString = (text: string): void => {
  writeInteger(text.length, 0x7f, 0)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (IN_VALUE[code] !== 1) throw new TypeError('a field must not hold such a character')
    target[at++] = code
  }
}
