/** Bounds of the queue: what it holds in memory, how long it waits, how often it tries. */

/**
 * Rows of one lane that are read at once, and bytes after which no further row is; memory holds no more per lane, but what
 * was handed over twice: as it is stored, and as what it says.
 */
export const HEAD_ROWS_MAX = 128
export const HEAD_BYTES_MAX = 1024 * 1024

/**
 * Letters that are on their way to one peer at the same time. They share one connection, and a peer takes a hundred
 * requests at once on it; a few dozen hide the way there and back.
 */
export const IN_FLIGHT_MAX = 32
/**
 * Letters, and characters of them, that one request carries to a peer that takes batches, and such requests at the same time:
 * while two are under way, what comes meanwhile gathers for the next.
 */
export const BATCH_LETTERS_MAX = 128
export const BATCH_CHARACTERS_MAX = 1024 * 1024
export const BATCHES_IN_FLIGHT_MAX = 2
/** When so few are left that were read and not begun, more are read. */
export const WINDOW_ROWS_MIN = 64
/** Read and not yet deleted: when the database is slower than the peer, the peer waits. */
export const HELD_ROWS_MAX = 512
/** How long what was delivered waits for others to be deleted with, unless there are so many. */
export const ACKNOWLEDGING_DELAY_MS = 100
export const ACKNOWLEDGING_ROWS_MAX = 128
/** Rows that one statement deletes, and ids that may wait for it. */
export const ACKNOWLEDGED_AT_ONCE_MAX = 512

/** Letters of one lane that the peer fails while it takes others: each waits by itself, with all about the same. */
export const PARKED_LETTERS_MAX = 64
/** More different ones that fail with none delivered in between, and the whole lane waits. */
export const FAILING_LETTERS_MAX = 4

/** Alternatives of one notification: one per format that peers still speak. */
export const NOTIFICATIONS_PER_BUNDLE_MAX = 4
export const PATH_CHARACTERS_MAX = 100

/** backend-notifications.md §9; the longest wait is ours: hardening.md I9 wants a backlog to move within a minute. */
export const RETRY_MIN_MS = 10
export const RETRY_MAX_MS = 60_000
/** Our own parts come back sooner, and clients wait for what they tell. */
export const LOCAL_RETRY_MAX_MS = 1_000

/** One call to a peer; federation-transport.md §13 gives its components 10 s. */
export const PEER_TIMEOUT_MS = 20_000
/** One call to a part of our own. */
export const LOCAL_TIMEOUT_MS = 15_000
/** Bytes of an answer that are read; a good one is `{}`. */
export const ANSWER_BYTES_MAX = 256 * 1024
/** Characters of a peer's or a part's words that are kept with a dead letter. */
export const DETAIL_CHARACTERS_MAX = 1_000
export const ANSWER_CHARACTERS_KEPT_MAX = 4_000

/**
 * After a gap in what an outbox was given (`continuity.ts`): how often the database is asked whether it is filled or will
 * never be, while nothing changes, and how often at most when there is one gap after the other.
 */
export const SETTLING_RETRY_MIN_MS = 5
export const SETTLING_RETRY_MAX_MS = 1_000
export const SETTLING_INTERVAL_MS = 100

/** A lane without rows is kept this long, with its lock, so that the next row goes out at once. */
export const LANE_IDLE_MS = 30_000
/** How soon a lane is taken over from a process that died: its lock is asked for this often. */
export const LOCK_RETRY_MS = 5_000
/** How often other couriers hear of a busy lane that one process writes and drains. */
export const TELLING_INTERVAL_MS = 1_000
/** A net under the notes of the database, should one be lost. */
export const SWEEP_INTERVAL_MS = 60_000
/** A peer that talks to us all the time but cannot be reached is tried this often at most. */
export const HEARD_INTERVAL_MS = 1_000

/** Saying that we are back, to peers for whom nothing waits. */
export const GREETINGS_AT_ONCE = 16
export const GREETING_TRIES = 6
export const GREETING_RETRY_MIN_MS = 250
export const GREETING_RETRY_MAX_MS = 10_000

/** Stopping waits this long for attempts in progress; what is cut off then is sent again after the next start. */
export const STOP_TIMEOUT_MS = 10_000

export const FLUSH_TIMEOUT_MS = 5_000
/** Another process may be the one that delivers; nobody tells us of its progress. */
export const FLUSH_POLL_MS = 100

/** Rows that one statement of an operator's command moves. */
export const CONTROLLED_ROWS_AT_ONCE = 1_000
