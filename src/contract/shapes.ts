/** How values are written down, whatever they mean: what is absent, what is bounded, what is a set or a map. */
import { z } from 'zod'

/** Family G and C optionals: absent is `null` in memory and when writing; reading also accepts a missing key. */
export const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null)

/** Family S "omit" optionals: absent is a missing key in memory and when writing; reading also accepts `null`. */
export const omitted = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => value ?? undefined, schema.optional())

/** A field that is always written, and stands for `value` when a reader finds it missing or `null`. */
export const orDefault = <T extends z.ZodType>(schema: T, value: z.output<T>) =>
  z.preprocess((found) => found ?? value, schema)

/** A set: duplicates are tolerated and dropped; the order says nothing and is kept. */
export const set = <T extends z.ZodType<string>>(schema: T, max: number) =>
  z
    .array(schema)
    .max(max)
    .overwrite((values) => [...new Set(values)])

/** A map whose keys are identifiers. */
export const map = <K extends z.ZodType<string, string>, V extends z.ZodType>(key: K, value: V, max: number) =>
  z
    .record(key, value)
    .refine((entries) => Object.keys(entries).length <= max, `must have at most ${max} entries`)
    .meta({ maxProperties: max })

/** Text for humans, its length counted in code points as the protocol does. */
export const text = (minimum: number, maximum: number) =>
  opaqueText(2 * maximum).refine(
    (value) => {
      const length = [...value].length
      return length >= minimum && length <= maximum
    },
    { message: `must have ${minimum} to ${maximum} characters` },
  )

/**
 * Text that is passed on and never read by us; the bound is in UTF-16 units. U+0000 is refused because PostgreSQL
 * cannot store it, and lone surrogates because they have no UTF-8 form.
 */
export const opaqueText = (maximum: number) =>
  z
    .string()
    .max(maximum, { abort: true })
    .refine((value) => value.isWellFormed() && !value.includes('\0'), {
      message: 'must be text that UTF-8 and databases can hold',
      abort: true,
    })

/**
 * Any JSON value at all, as long as it can be written again: `JSON.stringify` recurses and `JSON.parse` does not, so a
 * few kilobytes of brackets could be read and never be passed on.
 */
export const anyJson = (levelsMax: number) =>
  z
    .unknown()
    .refine((value) => value !== undefined, { message: 'must be JSON', abort: true })
    .refine((value) => isWithin(value, levelsMax), `must not be nested deeper than ${levelsMax} levels`)

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1)))

/**
 * RFC 4648 §4, padded, canonical (the bits that carry nothing are zero), so that equal text means equal bytes.
 * Stays text in memory, as it is on the wire.
 */
export const base64 = (bytesMax: number, bytesMin = 0) =>
  z
    .string()
    .min(Math.ceil(bytesMin / 3) * 4)
    .max(Math.ceil(bytesMax / 3) * 4, { abort: true })
    .refine(isBase64, 'must be padded Base64')

const LAST_GROUP = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==|)$/

// Not one regular expression for all of it: a repeated group overflows the matcher's stack on long input.
function isBase64(value: string): boolean {
  const isWhole = value.length % 4 === 0
  return isWhole && !/[^A-Za-z0-9+/]/.test(value.slice(0, -4)) && LAST_GROUP.test(value.slice(-4))
}

/** A handle has at most 256, an id 36. */
const ITEM_CHARACTERS_MAX = 257

/** Separated by commas, as old clients write lists into an address. */
export const commaSeparated = (max: number) =>
  z
    .string()
    .max(max * ITEM_CHARACTERS_MAX)
    .transform((list) => list.split(','))
