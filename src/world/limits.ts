/** How long a certificate of the local world lives; nobody renews while the world runs. */
export const CERTIFICATE_LIFETIME_MS = 397 * 24 * 60 * 60_000

/** A certificate that ends sooner than this is issued again at the next start. */
export const CERTIFICATE_RENEW_BEFORE_MS = 30 * 24 * 60 * 60_000

/** Certificates start a little in the past, so that two clocks of one machine park cannot disagree about them. */
export const CERTIFICATE_BACKDATE_MS = 60 * 60_000

/** RFC 1035 §4.2.1: what fits into a UDP answer for a resolver that did not announce more. */
export const DNS_UDP_ANSWER_BYTES = 512

/** What we are willing to send over UDP to one that did (RFC 9715 recommends 1400). */
export const DNS_UDP_ANSWER_MAX_BYTES = 1400

/** Idle TCP connections of resolvers are closed after this time (RFC 7766 §6.2.3). */
export const DNS_TCP_IDLE_MS = 10_000

export const DNS_TCP_CONNECTIONS_MAX = 64

/** UDP and TCP must share one port; another pair is tried this many times when the TCP half is taken. */
export const DNS_PORT_ATTEMPTS_MAX = 20

/** Time for one call of the world's own app; the slowest thing behind one is a remote that does not answer. */
export const APP_CALL_MS = 30_000

export const APP_BODY_BYTES_MAX = 64 * 1024 * 1024

/** How long anybody in a story waits for a state that should come about. */
export const PATIENCE_MS = 20_000
