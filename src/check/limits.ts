/** How much of what others say is looked at, and from where on a fact is a problem. */

/** Of what a peer answers to a question whose answer is two short lists. */
export const ANSWER_BYTES_MAX = 64 * 1024
export const HEADER_PAIRS_MAX = 100
/** Shown of any one text; strangers choose names, subjects and messages. */
export const TEXT_CHARACTERS_MAX = 600
export const MESSAGE_CHARACTERS_MAX = 200
/** Names of a certificate, records of an answer. */
export const LIST_SHOWN_MAX = 12
export const CHAIN_CERTIFICATES_MAX = 10

/** hardening of certificate lifetimes: renewal begins at a third of the lifetime, a quarter left is an alarm. */
export const LIFETIME_LEFT_ALARM = 1 / 4
/** … but a certificate of ten years is no reason to worry for two of them. */
export const LIFETIME_LEFT_ALARM_MS_MAX = 21 * 24 * 60 * 60 * 1_000

/** The `Date` header knows seconds only. */
export const CLOCK_RESOLUTION_MS = 1_000
export const CLOCK_DIFFERENCE_NOTICED_MS = 30_000
/** Certificates of young authorities, access tokens and signed requests allow some minutes. */
export const CLOCK_DIFFERENCE_MS_MAX = 10 * 60_000
