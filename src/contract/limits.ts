/** Bounds of the scalars in `ids.ts`. Where the protocol names a bound it stands in the schema itself. */

/** 64 bits in hexadecimal. */
export const CLIENT_ID_DIGITS_MAX = 16

/** The protocol accepts leading zeros without saying how many. */
export const CLIENT_ID_LEADING_ZEROS_MAX = 16

/** RFC 1035 §2.3.4, in its text form. */
export const DOMAIN_CHARACTERS_MAX = 253

/** A UUID takes 36; other systems use longer ones. */
export const REQUEST_ID_CHARACTERS_MAX = 128

/** Date, time, twelve digits of fraction and an offset, with slack. */
export const TIMESTAMP_CHARACTERS_MAX = 48

/** Larger than any body we accept; fields with a tighter bound say so themselves. */
export const BASE64_BYTES_MAX = 16 * 1024 * 1024
