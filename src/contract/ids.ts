/**
 * Identifiers and other scalars that cross a wire, in any of our interfaces.
 *
 * They are branded and made only by parsing, and parsing also normalises: two spellings of one identifier are
 * one value afterwards, so `===` is the right comparison everywhere. Normalisation keeps the type (`overwrite`,
 * `toLowerCase`) so that a schema describes the same JSON in both directions.
 */
import { z } from 'zod'
import {
  BASE64_BYTES_MAX,
  CLIENT_ID_DIGITS_MAX,
  CLIENT_ID_LEADING_ZEROS_MAX,
  DOMAIN_CHARACTERS_MAX,
  REQUEST_ID_CHARACTERS_MAX,
  TIMESTAMP_CHARACTERS_MAX,
} from './limits.ts'
import { base64, text } from './shapes.ts'

/** 36 characters, any UUID version: test data and old installations hold ids of every kind. */
const uuid = () => z.guid().toLowerCase()

export const UserId = uuid().brand<'UserId'>()
export type UserId = z.infer<typeof UserId>

export const TeamId = uuid().brand<'TeamId'>()
export type TeamId = z.infer<typeof TeamId>

export const ConversationId = uuid().brand<'ConversationId'>()
export type ConversationId = z.infer<typeof ConversationId>

export const ServiceId = uuid().brand<'ServiceId'>()
export type ServiceId = z.infer<typeof ServiceId>

export const ProviderId = uuid().brand<'ProviderId'>()
export type ProviderId = z.infer<typeof ProviderId>

/** An unsigned 64-bit number in hexadecimal. Written in lower case without leading zeros, `0` for zero. */
export const ClientId = z
  .string()
  .regex(new RegExp(`^0{0,${CLIENT_ID_LEADING_ZEROS_MAX}}[0-9a-fA-F]{1,${CLIENT_ID_DIGITS_MAX}}$`))
  .toLowerCase()
  .overwrite((text) => text.replace(/^0+(?=.)/, ''))
  .brand<'ClientId'>()
export type ClientId = z.infer<typeof ClientId>

const CAPITAL = /[A-Z]/
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const LAST_LABEL = '[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?'

/**
 * A backend domain: at least two labels, the last not starting with a digit, no trailing dot; the single label
 * `localhost` is the one exception. It is lower-cased before it is matched; there is no IDNA form.
 */
export const Domain = z
  .string()
  .max(DOMAIN_CHARACTERS_MAX)
  .overwrite(lowerCaseAscii)
  .regex(new RegExp(`^(?:(?:${LABEL}\\.)+${LAST_LABEL}|localhost)$`))
  .brand<'Domain'>()
export type Domain = z.infer<typeof Domain>

/** `toLowerCase` would turn KELVIN SIGN into `k`, and so a name that is no domain into one that is. */
function lowerCaseAscii(text: string): string {
  return CAPITAL.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
}

export const QualifiedUserId = z.object({ domain: Domain, id: UserId })
export type QualifiedUserId = z.infer<typeof QualifiedUserId>

export const QualifiedConversationId = z.object({ domain: Domain, id: ConversationId })
export type QualifiedConversationId = z.infer<typeof QualifiedConversationId>

export const Handle = z
  .string()
  .regex(/^[a-z0-9_.-]{2,256}$/)
  .brand<'Handle'>()
export type Handle = z.infer<typeof Handle>

/** The name of a user. */
export const Name = text(1, 128)
export type Name = z.infer<typeof Name>

export const ConversationName = text(1, 256)
export type ConversationName = z.infer<typeof ConversationName>

/** `wire_admin` and `wire_member` have meaning; others parse and grant nothing. */
export const RoleName = z.string().regex(/^[a-z0-9_]{2,128}$/)
export type RoleName = z.infer<typeof RoleName>

/** Follows one client request through every part and backend. Opaque; `N/A` when unknown. Safe in a header. */
export const RequestId = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(REQUEST_ID_CHARACTERS_MAX)
  .brand<'RequestId'>()
export type RequestId = z.infer<typeof RequestId>

/**
 * Any RFC 3339 time of the years 0001 to 9999 is read, with `Z` or a numeric offset and any fraction; what is
 * kept and written is UTC with exactly three fractional digits (Tm). Good for fields of both kinds, Tv and Tm.
 */
export const Timestamp = z.iso
  .datetime({ offset: true })
  .max(TIMESTAMP_CHARACTERS_MAX, { abort: true })
  .refine((value) => /^(?!0000)\d{4}-/.test(canonicalTime(value)), {
    message: 'must be in the years 0001 to 9999',
    abort: true,
  })
  .overwrite(canonicalTime)
  .brand<'Timestamp'>()
export type Timestamp = z.infer<typeof Timestamp>

// The fraction is cut by hand: beyond nine digits V8 misplaces them.
function canonicalTime(value: string): string {
  if (CANONICAL_TIME.test(value)) return value
  const time = new Date(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}

/** Most are written so already; that it is a time was checked before. */
const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export const Base64 = base64(BASE64_BYTES_MAX)
export type Base64 = z.infer<typeof Base64>

/** 65535 is the last resort, which is handed out again and again. */
export const PrekeyId = z.int().min(0).max(65_535)
export type PrekeyId = z.infer<typeof PrekeyId>

/** `3-<retention>-<uuid>`. */
export const AssetKey = z
  .string()
  .regex(/^3-[1-5]-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/)
  .toLowerCase()
  .brand<'AssetKey'>()
export type AssetKey = z.infer<typeof AssetKey>

/** A bearer secret in the URL-safe alphabet of RFC 4648 §5, padded or not. */
export const AssetToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,256}={0,2}$/)
  .brand<'AssetToken'>()
export type AssetToken = z.infer<typeof AssetToken>

/** Printable ASCII without white space. */
export const SubConvId = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .brand<'SubConvId'>()
export type SubConvId = z.infer<typeof SubConvId>
