/** Everything that somebody else can make grow in cargohold, and how far. What an operator decides is configuration. */

// ---- Uploads

/** Boundary, settings and headers around the bytes of an asset. */
export const MULTIPART_BYTES_MAX = 64 * 1024
/** RFC 2046 §5.1.1: a boundary has at most 70 characters; two dashes before it. */
export const BOUNDARY_LINE_BYTES_MAX = 72
export const SETTINGS_BYTES_MAX = 32 * 1024
export const PART_HEADER_BYTES_MAX = 4 * 1024
/** What may follow the last boundary. */
export const EPILOGUE_BYTES_MAX = 4 * 1024
export const UPLOADS_PER_USER_MAX = 16
/** An asset that has been arriving for longer is given up: longer than any upload may take. */
export const ARRIVING_MS_MAX = 2 * 3_600_000

// ---- Other backends

/** Transfers from other backends, for one user at once. */
export const REMOTE_DOWNLOADS_PER_USER_MAX = 64
/** A part that ends before here is cut out of what another backend sends; backends cannot ask each other for parts. */
export const REMOTE_RANGE_BYTES_MAX = 1024 * 1024
/** A transfer between backends ends after this time, however well it goes. */
export const TRANSFER_MS_MAX = 3_600_000
/** Transfers to one other backend at once; more wait for their turn. */
export const TRANSFERS_PER_PEER_MAX = 64
export const TRANSFERS_WAITING_PER_PEER_MAX = 1_000
/** Shorter than the time in which our federator wants an answer to begin. */
export const TRANSFER_WAIT_MS = 5_000
/** Questions and transfers that one other backend may begin at once, and per second after that. */
export const REQUESTS_PER_PEER_BURST = 1_000
export const REQUESTS_PER_PEER_PER_SECOND = 200
export const PEERS_REMEMBERED_MAX = 10_000
/** Metrics name so many other backends, and the rest together. */
export const COUNTED_PEERS_MAX = 200

// ---- Sweeping

export const SWEEP_INTERVAL_MS = 60_000
export const SWEEP_ROWS_MAX = 100
/** Removals that were begun are finished by whoever began them; those that are older were not. */
export const LEAVING_MS_MAX = 60_000

// ---- S3

export const S3_TIMEOUT_MS = 30_000
export const S3_ATTEMPTS_MAX = 3
/** client-assets.md §3: how long a client may use an address. */
export const ADDRESS_SECONDS = 300
/** The smallest part that S3 takes, and so what an upload holds in memory: one, and the next one that fills. */
export const S3_PART_BYTES_MIN = 5 * 1024 * 1024
export const S3_PARTS_MAX = 10_000
