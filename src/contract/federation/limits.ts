/**
 * Bounds on what another backend may send us.
 *
 * They are generous on purpose: a queued notification that we refuse is dropped by its sender, so a bound must
 * stop abuse without ever meeting an honest peer. The size of the whole body is limited where it is received.
 */

/** Of one request; more wait for the next one. */
export const NOTIFICATIONS_PER_BATCH_MAX = 256
export const RPC_NAME_CHARACTERS_MAX = 100

/** Of what is said of a notification that is refused. */
export const REFUSAL_CHARACTERS_MAX = 1_000

/** Names of extensions that a backend announces. */
export const EXTENSIONS_MAX = 64

/** Peers list every version they speak. */
export const VERSIONS_MAX = 64

/** No deployment we know allows conversations of more members. */
export const USERS_PER_LIST_MAX = 10_000

/** For how long somebody may promise what he answers; who promises more is not believed. */
export const PROMISE_MS_MAX = 60_000

/** Claiming consumes what clients uploaded. A client may name 500 users per call; larger groups are configurable. */
export const USERS_PER_CLAIM_MAX = 2_500

/** Seven permanent clients, a temporary one and one for legal hold, with room for other policies. */
export const CLIENTS_PER_USER_MAX = 64

/** Prescribed (federation-api.md §6.10, §7.2, §7.8, §7.10). */
export const CONVERSATIONS_PER_REQUEST_MAX = 1_000
export const CONNECTIONS_PER_NOTIFICATION_MAX = 1_000

/** The protocol's bound on how many remotes one backend lists (federation-transport.md §10.2). */
export const DOMAINS_MAX = 10_000

/** Teams named in one search. */
export const TEAMS_MAX = 10_000

/** Prescribed: a backend answers a search with at most 15 contacts; the bound leaves room for other builds. */
export const CONTACTS_MAX = 100

export const SEARCH_TERM_CHARACTERS_MAX = 1_024

/** Names of 1 to 256 characters are valid; of longer ones the owner decides, not those who are told. */
export const CONVERSATION_NAME_CHARACTERS_MAX = 1_024

export const PROFILE_ASSETS_MAX = 64
export const APP_CATEGORY_CHARACTERS_MAX = 128

/** RFC 5321 §4.5.3.1.3 minus the angle brackets. */
export const EMAIL_CHARACTERS_MAX = 254

/** Base64 of a prekey bundle: about a hundred bytes today, some thousands with post-quantum keys. */
export const PREKEY_CHARACTERS_MAX = 16_384

/** Version 2 of the layout with the longest subconversation id and domain takes 533; extensions may follow. */
export const GROUP_ID_BYTES_MAX = 1_024

export const KEY_PACKAGE_BYTES_MAX = 64 * 1024
export const SIGNATURE_KEY_BYTES_MAX = 1_024

/** A message for all recipients, as the sender's client wrote it. */
export const RAW_MESSAGE_BYTES_MAX = 12 * 1024 * 1024

/** One client's ciphertext, or the part that all have in common, as text. */
export const CIPHERTEXT_CHARACTERS_MAX = 12 * 1024 * 1024

/** Sets of four possible values, duplicates tolerated. */
export const ACCESS_LIST_MAX = 32
