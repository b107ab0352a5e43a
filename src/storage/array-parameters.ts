/**
 * Arrays in the form in which PostgreSQL receives them in binary (`array_recv`): without the escaping of each element here
 * and its parsing there, which for a few letters takes longer than all else that the driver does. The driver sends a
 * `Buffer` as a binary parameter. The element type stands in it and has to be that of the statement: `$1::uuid[]`.
 */
export type ArrayEncoder = (elements: readonly unknown[]) => Buffer

/** By type of the elements, as statements write it. */
export const arrayEncoder = (type: string): ArrayEncoder | undefined => ENCODERS.get(type)

/** As the server answers to a text that is no value of the type: who asks whose fault it is gets the same answer. */
class InvalidElement extends Error {
  readonly code = '22P02'
  constructor(type: string) {
    super(`an element of an array is no ${type}`)
    this.name = 'InvalidElement'
  }
}

/** Dimensions, whether there are nulls, type; then for the one dimension its length and first index. */
const HEADER_BYTES = 20
const LENGTH_BYTES = 4
const NULL_LENGTH = -1

/** The numbers of types are fixed for ever (`pg_type.dat`). */
const [INT8_OID, INT4_OID, TEXT_OID, UUID_OID] = [20, 23, 25, 2950] as const

/** With the header, and room for so many bytes. */
const begin = (oid: number, elements: readonly unknown[], bytes: number): Buffer => {
  const array = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  array.writeInt32BE(1, 0)
  array.writeInt32BE(elements.some(isNull) ? 1 : 0, 4)
  array.writeInt32BE(oid, 8)
  array.writeInt32BE(elements.length, 12)
  array.writeInt32BE(1, 16)
  return array
}

const isNull = (element: unknown): element is null | undefined => element === null || element === undefined

interface FixedType {
  readonly oid: number
  readonly size: number
  /** Writes it at that place, or throws. */
  readonly write: (array: Buffer, element: unknown, at: number) => void
}

const fixed =
  ({ oid, size, write }: FixedType): ArrayEncoder =>
  (elements) => {
    const array = begin(oid, elements, elements.length * (LENGTH_BYTES + size))
    let at = HEADER_BYTES
    for (const element of elements) {
      array.writeInt32BE(isNull(element) ? NULL_LENGTH : size, at)
      at += LENGTH_BYTES
      if (isNull(element)) continue
      write(array, element, at)
      at += size
    }
    return array.subarray(0, at)
  }

const texts: ArrayEncoder = (elements) => {
  const sizes: number[] = []
  let bytes = 0
  for (const element of elements) {
    const size = byteLengthOf(element)
    sizes.push(size)
    bytes += LENGTH_BYTES + Math.max(size, 0)
  }
  const array = begin(TEXT_OID, elements, bytes)
  let at = HEADER_BYTES
  for (let index = 0; index < sizes.length; index += 1) {
    const element = elements[index]
    at = array.writeInt32BE(sizes[index] ?? NULL_LENGTH, at)
    if (typeof element === 'string') at += array.write(element, at)
  }
  return array
}

const byteLengthOf = (element: unknown): number => {
  if (isNull(element)) return NULL_LENGTH
  if (typeof element !== 'string') throw new InvalidElement('text')
  return Buffer.byteLength(element)
}

const writeInt4 = (array: Buffer, element: unknown, at: number): void => {
  if (typeof element !== 'number' || (element | 0) !== element) throw new InvalidElement('integer')
  array.writeInt32BE(element, at)
}

/** Numbers, or what the driver makes of `bigint` columns: their decimals. */
const writeInt8 = (array: Buffer, element: unknown, at: number): void => {
  if (
    typeof element === 'string' ? !DECIMALS.test(element) : typeof element !== 'number' && typeof element !== 'bigint'
  ) {
    throw new InvalidElement('bigint')
  }
  const number = Number(element)
  if (!Number.isInteger(number)) throw new InvalidElement('bigint')
  if (!Number.isSafeInteger(number)) {
    array.writeBigInt64BE(bigOf(element), at)
    return
  }
  array.writeInt32BE(Math.floor(number / 2 ** 32), at)
  array.writeUInt32BE(number >>> 0, at + 4)
}

const DECIMALS = /^-?\d{1,19}$/

const bigOf = (element: unknown): bigint => {
  const big = BigInt(String(element))
  if (BigInt.asIntN(64, big) !== big) throw new InvalidElement('bigint')
  return big
}

const UUID_CHARACTERS = 36
/** Where the hyphens are, by place in the text. */
const HYPHENS = [8, 13, 18, 23]
/** Where in the text each byte begins. */
const UUID_PLACES = Array.from({ length: UUID_CHARACTERS }, (_, place) => place)
  .filter((place) => !HYPHENS.includes(place))
  .filter((_, index) => index % 2 === 0)
/** By character. */
const NIBBLES = new Int8Array(128).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  NIBBLES[digit.charCodeAt(0)] = value
  NIBBLES[digit.toUpperCase().charCodeAt(0)] = value
}

/** Digit by digit: reading hexadecimal natively wants a text without hyphens, which would have to be made first. */
const writeUuid = (array: Buffer, element: unknown, at: number): void => {
  if (typeof element !== 'string' || element.length !== UUID_CHARACTERS) throw new InvalidElement('uuid')
  for (const place of HYPHENS) if (element[place] !== '-') throw new InvalidElement('uuid')
  let byte = at
  for (const place of UUID_PLACES) {
    const high = NIBBLES[element.charCodeAt(place)] ?? -1
    const low = NIBBLES[element.charCodeAt(place + 1)] ?? -1
    if (high < 0 || low < 0) throw new InvalidElement('uuid')
    array[byte] = (high << 4) | low
    byte += 1
  }
}

const int4s = fixed({ oid: INT4_OID, size: 4, write: writeInt4 })
const int8s = fixed({ oid: INT8_OID, size: 8, write: writeInt8 })

const ENCODERS: ReadonlyMap<string, ArrayEncoder> = new Map([
  ['text', texts],
  ['uuid', fixed({ oid: UUID_OID, size: 16, write: writeUuid })],
  ['int', int4s],
  ['integer', int4s],
  ['int4', int4s],
  ['bigint', int8s],
  ['int8', int8s],
])
