/** Bounds of gundeck, in one place. */

/** client-notifications.md §1: how long a device may be away without missing anything. */
export const RETENTION_MS = 28 * 24 * 60 * 60 * 1000

/** Rows and characters of payload that one statement stores; what waits longer goes with the next one. */
export const COMMIT_ROWS_MAX = 4_000
export const COMMIT_CHARACTERS_MAX = 8 * 1024 * 1024

/** What may wait for the database before callers are told to come back. */
export const WAITING_CHARACTERS_MAX = 256 * 1024 * 1024

/** For one statement; callers repeat what did not succeed. */
export const STATEMENT_TIMEOUT_MS = 30_000

/** Characters of payload in one page of `GET /notifications`, whatever its `size` allows. */
export const PAGE_CHARACTERS_MAX = 16 * 1024 * 1024

/** Sockets one user may keep open; the oldest gives way, it may be one whose device is long gone. */
export const SOCKETS_PER_USER_MAX = 32

/** Push tokens of one user; the oldest gives way. Seven devices with an app or two each need fewer. */
export const PUSH_TOKENS_PER_USER_MAX = 32

/** Frames from clients: all they ever send is `ping`. */
export const CLIENT_FRAME_BYTES_MAX = 4 * 1024

/** What may lie unsent in one socket before its device is told to catch up instead. */
export const UNSENT_BYTES_MAX = 8 * 1024 * 1024

/** client-notifications.md §6: events that one stream has sent and its device has not acknowledged. */
export const UNACKNOWLEDGED_MAX = 500

/** Events that a stream reads from the log at a time. */
export const STREAM_PAGE_ROWS_MAX = 100

/** How long a stream waits for its device to read what fills the socket. */
export const SLOW_READER_TIMEOUT_MS = 30_000

/** A socket that was silent for two of these is dead. Stock clients send `ping` every 20 s and answer control pings. */
export const PROBE_INTERVAL_MS = 60_000

/** client-notifications.md §4. */
export const SOCKET_AGE_MAX_MS = 3 * 24 * 60 * 60 * 1000

/** For reading where a user's stream stands before the handshake; stock clients give up after 4 s. */
export const HANDSHAKE_TIMEOUT_MS = 3_500

/** For sockets to answer our close frame when the process ends. */
export const CLOSE_TIMEOUT_MS = 1_000

/** Notifications of one user that a replica reads after another one wrote them; a longer gap closes the sockets. */
export const GAP_ROWS_MAX = 1_000

/** How often a replica says that it is there, and after how long without a word others take it off the list. */
export const REPLICA_ROUND_MS = 10_000
export const REPLICA_SILENT_MS = 60_000

/** Users in one note to other replicas. PostgreSQL takes 8,000 bytes, and one user needs at most 80. */
export const USERS_PER_NOTE_MAX = 90

/** Bytes of a note that carries a transient notification itself; a larger one is put into a table. */
export const NOTE_BYTES_MAX = 7_500

/** How long a transient notification waits in that table. Replicas that take longer to look do without it. */
export const TRANSIENT_RETENTION_MS = 60_000

export const SWEEP_INTERVAL_MS = 60_000
export const SWEEP_ROWS_MAX = 5_000

/** Devices that brig was told of; one that falls out is told again. */
export const ACTIVITY_CACHED_MAX = 100_000

/** For brig to take note of a device; its answer to what it asked for waits that long at most. */
export const ACTIVITY_TIMEOUT_MS = 1_000

/** Devices in one note that asks other replicas for them; each takes some 60 bytes. */
export const DEVICES_PER_NOTE_MAX = 100

/** For other replicas to say that a device listens to them; it is woken in vain when they take longer. */
export const OBJECTION_MS = 500

/** Notifications that wait for somebody to be woken; of more, the newest wake nobody. */
export const WAKINGS_WAITING_MAX = 50_000

/** Notifications that are looked at together. */
export const WAKINGS_AT_ONCE_MAX = 2_000

/** What one request to the gateway for native pushes carries, how long it may take, and how often it is tried. */
export const WAKES_PER_REQUEST_MAX = 100
export const PUSH_GATEWAY_TIMEOUT_MS = 10_000
export const PUSH_GATEWAY_ATTEMPTS_MAX = 3
export const PUSH_GATEWAY_PAUSE_MS = 1_000
/** All tokens of a request, if none of them is good any more. */
export const PUSH_GATEWAY_ANSWER_BYTES_MAX = 2 * 1024 * 1024
