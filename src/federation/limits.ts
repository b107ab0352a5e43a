/** Everything that a peer, a resolver or a component can make grow, and how far. */

// ---- DNS

/** federation-transport.md §7: a change of records is picked up within this, whatever TTL they carry. */
export const DNS_TTL_SECONDS_MAX = 300
export const DNS_CACHE_ENTRIES_MAX = 10_000
/** Records of one answer that are looked at; a peer needs a handful, and each costs a name comparison per request. */
export const DNS_RECORDS_MAX = 100
export const DNS_ALIASES_MAX = 8
/** How often a resolver that stays silent is asked. */
export const DNS_TRIES = 2
/** Datagrams that are not the answer to our question, before we stop reading and ask over TCP. */
export const DNS_FOREIGN_DATAGRAMS_MAX = 32
export const DNS_SERVERS_MAX = 8
/** RFC 8767: how long records are used beyond their time while nobody can be asked for newer ones. */
export const DNS_STALE_MS = 60_000
/** RFC 8767 §5, client response timer: who has an old answer does not wait longer than this for a new one. */
export const DNS_STALE_ANSWER_MS = 1_800
/** RFC 8767 §5, failure recheck timer: how long nobody is asked again when asking has failed. */
export const DNS_RECHECK_MS = 5_000

// ---- Identity

/** The PEM of a large certificate, percent-encoded; the reference ingress cannot pass more than 32 KiB either. */
export const CERTIFICATE_HEADER_CHARACTERS_MAX = 32 * 1024
export const CERTIFICATES_CACHED_MAX = 2_000
/** Remembered comparisons of one certificate with host names. */
export const NAME_MATCHES_CACHED_MAX = 100

// ---- Certificates of our own

/** As many as Linux follows on one way. */
export const SYMBOLIC_LINKS_MAX = 40
/** Files are replaced one after the other; so long after the first change they are read. */
export const TLS_SETTLE_MS = 100
/** What no watch has noticed is noticed then. */
export const TLS_RECHECK_MS = 60_000

// ---- Between ingress and federator

/** hardening.md §3, 11: secrets that we make are random in full. */
export const INGRESS_SECRET_BYTES = 32
export const INGRESS_SECRET_CHARACTERS_MIN = 32
export const INGRESS_SECRET_CHARACTERS_MAX = 256

// ---- Certificates of peers that are verified by us

/** RFC 9325 §4.5. */
export const RSA_KEY_BITS_MIN = 2_048
/** A stranger's key decides what checking its signatures costs us. */
export const RSA_KEY_BITS_MAX = 8_192
/** Certificates that are looked at of what a peer sends beside its own. */
export const INTERMEDIATES_MAX = 10

// ---- Policy

/** Asking brig whom we federate with. */
export const POLICY_TIMEOUT_MS = 5_000
/** How soon a domain that was taken off the list loses its sessions, at the latest. */
export const REMOTES_POLL_MS = 2_000

// ---- Channels to peers

/** RFC 8305 §5: how long one address may take before the next one is tried beside it. */
export const CONNECT_STAGGER_MS = 250
export const ADDRESSES_MAX = 8
/** Failures in a row after which a peer is given a rest. */
export const BREAKER_FAILURES_MAX = 5
/** Failures within this time have one cause. */
export const BREAKER_TOGETHER_MS = 250
export const BREAKER_FORGET_MS = 60_000
/** The first rest; each further one is twice as long. */
export const BREAKER_OPEN_MS = 1_000
/** Short, because a peer that comes back is found only by trying, unless it calls us first. */
export const BREAKER_OPEN_MAX_MS = 15_000
export const PEERS_REMEMBERED_MAX = 10_000
/** What a peer may ask for by Retry-After. */
export const RETRY_AFTER_MAX_MS = 60_000
/** A connection on which nothing has come for this long is tried with a PING before it is used, and while it is used. */
export const SESSION_DOUBT_MS = 10_000
export const PING_TIMEOUT_MS = 2_000
/** The body of an answer may keep us waiting for this long, and a second more for so many bytes. */
export const BODY_GRACE_MS = 60_000
export const BODY_BYTES_PER_SECOND_MIN = 512
/** Targets of one backend that one request tries; the next request may draw others. */
export const TARGETS_TRIED_MAX = 8
export const SESSIONS_PER_TARGET_MAX = 4
/** Sessions opened in vain for one request, with a peer that closes each at once. */
export const SESSION_OPENINGS_MAX = 3
/** How long requests under way may still take when we stop. */
export const SESSION_DRAIN_MS = 5_000
/** Streams we open at once on one session, even if the peer allows more. */
export const STREAMS_PER_SESSION_MAX = 256
/** Requests that wait for a free stream of one target. */
export const WAITING_PER_TARGET_MAX = 1_000
/** Shorter than the 60 to 75 s after which common servers close, so that we seldom write into a closing connection. */
export const SESSION_IDLE_MS = 30_000
/** A target that could not be reached is tried after its alternatives for this long. */
export const TARGET_COOL_DOWN_MS = 10_000
export const TARGETS_COOLING_MAX = 10_000
/** Between two chunks of a response body, between our own parts. */
export const RESPONSE_IDLE_TIMEOUT_MS = 60_000
export const RESPONSE_HEADER_PAIRS_MAX = 100
export const RESPONSE_HEADER_BYTES_MAX = 64 * 1024
/** Bytes of an answer that becomes `inner` of ours (federation-transport.md §11.3). */
export const REMOTE_ERROR_BYTES_MAX = 256 * 1024
export const REMOTE_ERROR_TIMEOUT_MS = 10_000
export const ERROR_NESTING_MAX = 8
export const ERROR_MESSAGE_CHARACTERS_MAX = 4_096
/** A stream that a peer refused unprocessed is sent again this often (RFC 9113 §8.7). */
export const UNPROCESSED_RETRIES_MAX = 2
/** One stream may have this many bytes under way; what a slow reader makes us hold. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** Frames as large as what is read from a socket at once: a large body then costs a quarter of the calls. */
export const FRAME_BYTES_MAX = 64 * 1024
/** A block of fields as it is sent: twice what its fields may have, so that one too large can still be told so. */
export const HEADER_BLOCK_BYTES_MAX = 64 * 1024
/** hardening.md §2: frames of a session that change nothing (PING, SETTINGS, empty DATA), at once and per second. */
export const IDLE_FRAMES_BURST = 1_000
export const IDLE_FRAMES_PER_SECOND = 100
/** How long the other end may take nothing of what waits for it. */
export const HTTP2_STALLED_MS = 60_000
/** All streams of a session together. */
export const SESSION_WINDOW_BYTES = 4 * 1024 * 1024
/** Request bodies up to this are held, and so can be sent again; larger ones are passed through. */
export const HELD_BODY_BYTES_MAX = 64 * 1024

// ---- Ingress

export const INGRESS_CONNECTIONS_MAX = 10_000
export const INGRESS_STREAMS_MAX = 100
export const INGRESS_HEADER_BYTES_MAX = 32 * 1024
export const INGRESS_HEADER_PAIRS_MAX = 100
/** hardening.md §2, rapid reset: requests broken off by a peer or because of it, at once and per second after that. */
export const INGRESS_RESETS_BURST = 200
export const INGRESS_RESETS_PER_SECOND = 50
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000
export const REQUEST_HEADERS_TIMEOUT_MS = 15_000
export const REQUEST_BODY_TIMEOUT_MS = 120_000
/** In which a stranger has said what he has to say, and then in which he has read why he is refused. */
export const REFUSED_MS = 2_000
/** Of what he says; one who goes on is answered while he does. */
export const REFUSED_BODY_BYTES_MAX = 16 * 1024
export const INGRESS_IDLE_MS = 75_000
/** A stream on which nothing moves in either direction. */
export const INGRESS_STREAM_IDLE_MS = 60_000
/** How long requests under way may still take when we stop. */
export const INGRESS_DRAIN_MS = 5_000

// ---- Inward and outward listeners

/** The percent-encoded certificate and the headers of the peer. */
export const LISTENER_HEADER_BYTES_MAX = 96 * 1024
/** federation-transport.md §13. */
export const COMPONENT_HEADERS_TIMEOUT_MS = 10_000
/** A component's answer with status 500 or above, which is read before it is passed on. */
export const COMPONENT_ERROR_BYTES_MAX = 256 * 1024
/** Longer than our ingress keeps connections to us, so that it never writes into one we are closing. */
export const LISTENER_KEEP_ALIVE_MS = 75_000
/** How long requests under way may still take when we stop: a component's time, and some. */
export const LISTENER_DRAIN_MS = 15_000
export const FORWARD_KEEP_ALIVE_MS = 60_000
export const FORWARD_CONNECTIONS_MAX = 256
/** The ingress waits this much longer than the federator behind it, which has the better error. */
export const FORWARD_SLACK_MS = 20_000
export const STATUS_TIMEOUT_MS = 5_000
export const COUNTED_DOMAINS_MAX = 10_000
/** Peers with histograms and gauges of their own: each makes a hundred lines. */
export const TIMED_PEERS_MAX = 200
