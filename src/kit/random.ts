/** Randomness as a parameter, so that a failing run can be repeated from its seed. */
import { randomBytes, randomFillSync, randomUUID } from 'node:crypto'

export interface Random {
  bytes(length: number): Uint8Array
  /** A version 4 UUID in lower case. */
  uuid(): string
  /** Uniform in [0, 1). */
  unit(): number
}

export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
  uuid: () => randomUUID(),
  unit: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
}

/** Repeatable, for tests only: the generator (mulberry32) is not fit for secrets. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() & 0xff)
  return {
    bytes,
    unit: () => next() / 2 ** 32,
    uuid: () => {
      const raw = bytes(16)
      raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40
      raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80
      const hex = Buffer.from(raw).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
  }
}
