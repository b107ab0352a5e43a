/** Bounds of the scalars in `ids.ts` and of Proteus messages. Where the protocol names one it stands in the schema. */

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

/** Recipient clients of one Proteus message: what gundeck takes in one push, and more than any group we allow has. */
export const PROTEUS_CLIENTS_MAX = 20_000

/** Users that the mismatch strategy of a Proteus message names. */
export const PROTEUS_STRATEGY_USERS_MAX = 10_000

/** One recipient's clients, and one ciphertext or the part that all have in common: what other backends take. */
export const PROTEUS_CLIENTS_PER_USER_MAX = 64
export const PROTEUS_TEXT_BYTES_MAX = 8 * 1024 * 1024
