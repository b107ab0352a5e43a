/** Bounds of the public front door, in one place. What one endpoint accepts stands in its declaration. */

/** Request line and headers. Node's own default, said because strangers fill it. */
export const HEADER_BYTES_MAX = 16 * 1024

/** One parameter of a path; a domain or handle needs about 256. */
export const PARAM_CHARACTERS_MAX = 1_024

/** For a body that is read as a whole to come in; 40 MB over a slow line take their time. */
export const BODY_TIMEOUT_MS = 120_000

/** For any request to come in completely: a body that passes through may have gigabytes. */
export const REQUEST_TIMEOUT_MS = 3_600_000

/** A body that passes through may keep us waiting for this long, and a second more for so many bytes. */
export const UPLOAD_GRACE_MS = 30_000
export const UPLOAD_BYTES_PER_SECOND_MIN = 8 * 1024

/** Who has been answered may go on sending for so long, so that he comes to read the answer. */
export const LINGER_MS = 5_000

export const HEADERS_TIMEOUT_MS = 15_000

/** A body of an answer this small is copied behind its head, which costs less than a second write. */
export const JOINED_BODY_BYTES_MAX = 16 * 1024

/** Longer than the 60 s after which common proxies in front close idle connections, so that they do it first. */
export const KEEP_ALIVE_MS = 75_000

/** A body this small is inflated at once; a larger one in another thread, where it holds up nobody. */
export const INFLATE_AT_ONCE_BYTES_MAX = 16 * 1024

/** Tokens whose signature was checked. One takes about half a kilobyte. */
export const TOKENS_REMEMBERED_MAX = 20_000

/** How long a removed key stays valid here. */
export const KEYS_TTL_MS = 60_000

/** Tokens that name unknown keys make us ask brig again, no more often than this. */
export const KEYS_INTERVAL_MS = 2_000

export const KEYS_TIMEOUT_MS = 5_000

/** For how long a token that has ended may still open doors, and how long that question may take. */
export const REVOCATIONS_TTL_MS = 1_000
export const REVOCATIONS_TIMEOUT_MS = 500

/** To reach gundeck in another process; stock clients give a connection attempt up after 4 s. */
export const TUNNEL_CONNECT_TIMEOUT_MS = 3_000

/** For requests in flight and websockets to come to an end when the gateway stops. */
export const DRAIN_TIMEOUT_MS = 5_000
