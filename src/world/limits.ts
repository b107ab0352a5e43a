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

/** How long anybody in a story waits for a state that should come about: only so that what hangs ends some day. */
export const PATIENCE_MS = 60_000

/** How often somebody in a story looks again for what is stored for a device. */
export const STORED_POLL_MS = 25

/** A local world is for trying things; each backend takes a process and a handful of ports. */
export const BACKENDS_MAX = 10

/** Ports are taken below the range from which systems take those of outgoing connections (32768 on Linux). */
export const PORTS_FIRST = 20_000
export const PORTS_END = 32_000

/** One world's ports lie together; must hold one for DNS and those of {@link BACKENDS_MAX} backends. */
export const PORTS_PER_WORLD = 100

/** From starting a process to its saying that it is ready; first starts create databases. */
export const PROCESS_START_MS = 60_000

/** From asking a process to stop to no longer asking. */
export const PROCESS_STOP_MS = 15_000

/** How often a log is looked at while waiting for a line in it. */
export const LOG_POLL_MS = 20

/** One Ctrl-C may arrive twice, from the terminal and from npm; later ones are meant. */
export const SAME_INTERRUPT_MS = 500

/** A command to a running world, and its answer. */
export const CONTROL_LINE_BYTES_MAX = 64 * 1024

/** Paths of unix sockets must fit into `sockaddr_un` (108 bytes on Linux, 104 elsewhere). */
export const SOCKET_PATH_BYTES_MAX = 100

/** Characters of a log line that are repeated in an error. */
export const LOG_LINE_SHOWN_MAX = 400

export const DATABASE_CONNECT_MS = 5_000

/** Tests that start at the same moment may choose the same ports. */
export const NETWORK_ATTEMPTS_MAX = 5

/** For registering everybody, connecting them and delivering the first message. */
export const SEED_MS = 60_000
