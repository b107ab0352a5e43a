/** Bounds on time and number for everything that touches a database. */

export const CONNECT_TIMEOUT_MS = 10_000

/**
 * Waiting for a free connection of the pool. The embedded database has one connection, so code that uses the database
 * instead of its transaction inside a transaction waits for itself: it fails after this, with words, and does not hang.
 */
export const ACQUIRE_TIMEOUT_MS = 30_000

/** Connections of the pool of one process unless configured; PostgreSQL allows 100 in all unless configured. */
export const CONNECTIONS_MAX = 16
export const CONNECTION_IDLE_MS = 60_000

/** Of those, how many are at most kept out of the pool for single statements. */
export const READY_CONNECTIONS_SHARE = 0.25

/** Longer than any statement of ours should take, migrations excepted. */
export const STATEMENT_TIMEOUT_MS = 60_000

/** The dedicated session asks this often whether it is still connected, and waits that long for the answer. */
export const HEARTBEAT_MS = 10_000
export const HEARTBEAT_TIMEOUT_MS = 5_000

/** Locks that one statement asks for. */
export const LOCKS_AT_ONCE_MAX = 1_000
export const RECONNECT_MIN_MS = 100
export const RECONNECT_MAX_MS = 5_000

/** Until the server frees the locks of a session whose machine has vanished: idle time plus interval times count. */
export const SERVER_KEEPALIVE_IDLE_SECONDS = 10
export const SERVER_KEEPALIVE_INTERVAL_SECONDS = 5
export const SERVER_KEEPALIVE_COUNT = 3

/** Larger than any migration; only guards against reading something that is none. */
export const MIGRATION_BYTES_MAX = 1024 * 1024

/** Embedded: how often write-ahead log and dead rows are looked at. */
export const UPKEEP_INTERVAL_MS = 60_000
/** Embedded: bytes of write-ahead log after which a checkpoint is due; what a start after a crash has to replay. */
export const CHECKPOINT_BYTES = 16 * 1024 * 1024
/** Embedded: at the latest this often, when anything was written. */
export const CHECKPOINT_INTERVAL_MS = 5 * 60_000
/** Embedded: PostgreSQL's own rule for a table that is worth vacuuming: so many dead rows, plus this share of the live. */
export const VACUUM_DEAD_ROWS = 1_000
export const VACUUM_DEAD_SHARE = 0.2
/** Embedded: transaction numbers wrap at two thousand million; rows older than this are frozen. */
export const FREEZE_AGE = 100_000_000
/** Embedded: creating the template database, in a process of its own. */
export const TEMPLATE_TIMEOUT_MS = 120_000
/** Embedded: files whose flush to disk is awaited at once. */
export const FLUSHES_AT_ONCE = 16
