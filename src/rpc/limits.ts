/** Bounds on what passes between backends, in one place. */

/** Bytes of a request another backend may send to a component: the largest Proteus message plus its envelope. */
export const FEDERATION_REQUEST_BYTES_MAX = 48 * 1024 * 1024

/** Bytes of an answer that is read into memory; binary answers are streamed and not bound by this. */
export const FEDERATION_ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** For one call to another backend, negotiation included. The original has none and can hang for ever. */
export const CALL_TIMEOUT_MS = 20_000

/** backend-notifications.md §16 allows to remember a peer's versions for seconds. */
export const VERSIONS_TTL_MS = 10_000

export const VERSIONS_CACHED_MAX = 10_000

/** One note per domain and this long that a peer was heard from; waking a lane more often gains nothing. */
export const HEARD_INTERVAL_MS = 1_000
