/** Reading the error objects of others (federation-transport.md §11.1): only the known fields, and only so deep. */
import { z } from 'zod'
import { ERROR_MESSAGE_CHARACTERS_MAX, ERROR_NESTING_MAX } from './limits.ts'

export interface ErrorObject {
  readonly code: number
  readonly label: string
  readonly message: string
  readonly data?: { readonly type?: string | undefined; readonly domain: string; readonly path: string } | undefined
  readonly inner?: ErrorObject | undefined
}

const Flat = z.object({
  code: z.int(),
  label: z.string(),
  message: z.string(),
  data: z.object({ type: z.string().optional(), domain: z.string(), path: z.string() }).optional(),
  inner: z.unknown().optional(),
})

/** Undefined when the bytes are not an error object: plain text, nothing, or something else in JSON. */
export const parseErrorObject = (bytes: Uint8Array): ErrorObject | undefined => {
  try {
    return readLevel(JSON.parse(textOf(bytes)), ERROR_NESTING_MAX)
  } catch {
    // Not JSON.
    return undefined
  }
}

// By hand and not by a recursive schema: a peer chooses the depth, and a schema would follow it down the stack.
const readLevel = (value: unknown, levelsLeft: number): ErrorObject | undefined => {
  const parsed = Flat.safeParse(value)
  if (!parsed.success) return undefined
  const { code, label, message, data, inner } = parsed.data
  const below = inner === undefined || levelsLeft <= 1 ? undefined : readLevel(inner, levelsLeft - 1)
  return { code, label, message, ...(data && { data }), ...(below && { inner: below }) }
}

/** What to say of a body that is no error object: its text, in bounds. */
export const messageOf = (bytes: Uint8Array): string => textOf(bytes).slice(0, ERROR_MESSAGE_CHARACTERS_MAX)

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
