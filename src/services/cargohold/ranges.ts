/** The one range that a client may ask for (RFC 9110 §14). Several at once are answered with the whole, as allowed. */
import type { ByteRange } from './bytes/byte-store.ts'

export type Wanted = { readonly is: 'whole' | 'impossible' } | { readonly is: 'part'; readonly range: ByteRange }

export interface AskedRange {
  readonly first: number | undefined
  /** Without a first one: so many bytes from the end. */
  readonly last: number | undefined
}

const WHOLE: Wanted = { is: 'whole' }
const RANGE = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i

/** Undefined where everything is to be sent. */
export const readRange = (header: string | undefined, condition: string | undefined): AskedRange | undefined => {
  // We give no validators, so a condition never holds (RFC 9110 §13.1.5).
  if (header === undefined || condition !== undefined) return undefined
  const [, first = '', last = ''] = RANGE.exec(header) ?? []
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined
  return { first: first === '' ? undefined : Number(first), last: last === '' ? undefined : Number(last) }
}

export const rangeOf = (asked: AskedRange | undefined, size: number): Wanted => {
  if (!asked) return WHOLE
  const { first, last } = asked
  const start = first ?? Math.max(0, size - (last ?? 0))
  const end = first === undefined || last === undefined ? size - 1 : Math.min(last, size - 1)
  return start > end ? { is: 'impossible' } : { is: 'part', range: { start, end } }
}
