/** Bounds on what brig does for others. Bounds on what they may send are in the contract. */

/** client-auth.md §3.1. */
export const PERSISTENT_COOKIE_SECONDS = 4_838_400
export const SESSION_COOKIE_SECONDS = 86_400
/** A persistent cookie older than this gets a successor, and stays usable for as long again. */
export const COOKIE_RENEW_SECONDS = 1_209_600

/** Twice the time after which gateways ask for the keys again. */
export const KEY_ADOPTION_SECONDS = 120
/** A key that was replaced is kept for as long as a token that it signed may be shown, and a day. */
export const KEY_RETIREMENT_SECONDS = PERSISTENT_COOKIE_SECONDS + 86_400
/** As many as are told to gateways; who changes keys more often than that keeps too many sessions in the air. */
export const KEYS_MAX = 100

/** A cookie header with more of ours than this is not a browser's. */
export const COOKIES_PER_REQUEST_MAX = 8
export const COOKIE_HEADER_CHARACTERS_MAX = 16_384

/**
 * Who fills all places for cookies of one type within this time is not a person; the places of his other devices are
 * not given away to that.
 */
export const COOKIE_BURST_SECONDS = 60

/** Wrong passwords; what each limit is for stands in credentials.ts. */
export const GUESSES_AT_ACCOUNT_FROM_ADDRESS = { kind: 'guess-pair', max: 10, windowSeconds: 300 }
export const GUESSES_FROM_ADDRESS = { kind: 'guess-address', max: 100, windowSeconds: 300 }
export const GUESSES_AT_ACCOUNT = { kind: 'guess-account', max: 100, windowSeconds: 300 }
/** Addresses from which an account was entered with success. */
export const KNOWN_ADDRESSES_MAX = 16
/** Mails that strangers make us write. */
export const MAILS_TO_ADDRESS = { kind: 'mail-to', max: 5, windowSeconds: 3_600 }
export const MAILS_FROM_ADDRESS = { kind: 'mail-from', max: 60, windowSeconds: 3_600 }
/** Accounts without address, which cost whoever opens them nothing. */
export const GUESTS_FROM_ADDRESS = { kind: 'guest-from', max: 60, windowSeconds: 3_600 }
/** Longer than the longest window. */
export const THROTTLES_KEPT_SECONDS = 7_200

/**
 * Password hashing takes 19 MiB and some 30 ms of a core each time. Two at once keep the memory bounded and leave the
 * thread pool, which also does DNS and files, half free. Who would wait behind so many others that it takes longer than
 * some five seconds is told to come back.
 */
export const PASSWORD_HASHES_AT_ONCE = 2
export const PASSWORD_HASHES_WAITING_MAX = 256
export const PASSWORD_BUSY_RETRY_SECONDS = 5

/** client-users.md §5.1. */
export const PERMANENT_DEVICES_MAX = 7
export const TEMPORARY_DEVICES_MAX = 1

/** Prekeys that one statement hands out; what waits longer goes with the next one. */
export const CLAIMS_PER_COMMIT_MAX = 500

/** Prekeys that may be waited for before callers are told to come back. */
export const CLAIMS_WAITING_MAX = 100_000

/** Stock clients keep a hundred. */
export const PREKEYS_PER_DEVICE_MAX = 5_000

/** Of all cipher suites together. Stock clients keep a hundred of one suite, and move from one suite to another once. */
export const KEY_PACKAGES_PER_DEVICE_MAX = 2_000

/** `sent` and `accepted` together (rules.md §2.5). */
export const CONNECTIONS_MAX = 1_000

/**
 * How often a change is begun anew because the connection changed while the other backend was asked. Two sides that
 * change it at the same time may each put the other off several times until one is faster.
 */
export const TRANSITION_ATTEMPTS_MAX = 12

/** For the first time; longer by as much each time, and anywhere below that, so that the two do not stay in step. */
export const TRANSITION_PAUSE_MS = 40

/** federation-transport.md §13: calls to several domains at once, for one request. */
export const FAN_OUT_MAX = 8

/** Milliseconds for one backend to answer when others are asked besides: a slow one must not hold up all. */
export const FAN_OUT_TIMEOUT_MS = 5_000

/** Milliseconds for all of them together; who has not answered by then counts as unreachable. */
export const FAN_OUT_TOTAL_MS = 12_000

/** federation-api.md §6.4: contacts in one answer to another backend. */
export const REMOTE_SEARCH_RESULTS_MAX = 15

/** Words of a name from which on it is found, and words of a search that are looked at. */
export const SEARCH_ROTATIONS_MAX = 5
/** Rows of one user in the index of the search: his name from each word on, and his handle. */
export const SEARCH_TEXTS_PER_USER_MAX = SEARCH_ROTATIONS_MAX + 1
/** Of one such text; no longer than a name, though folding makes some letters several. */
export const SEARCH_TEXT_CHARACTERS_MAX = 128
/** People who match one word of a search and are tried against the others. */
export const SEARCH_CANDIDATES_MAX = 500
/** Writing texts for users who were there before: so many at once, and at least this pause for those who are served. */
export const SEARCH_BATCH_USERS = 250
export const SEARCH_BATCH_PAUSE_MS = 20
/** Before it is tried again after the database refused. */
export const SEARCH_RETRY_MS = 10_000

/** federation-transport.md §10.2. */
export const REMOTES_MAX = 10_000
export const REMOTE_UPDATE_INTERVAL_SECONDS = 10

/** The courier waits up to 5 s itself. */
export const FLUSH_TIMEOUT_MS = 7_000

export const TEAM_MEMBERS_MAX = 10_000
/** Members of a larger team are not told of each other's new names and pictures. */
export const TEAM_TOLD_OF_UPDATES_MAX = 2_000

/** Invitations of one team that nobody has followed yet. */
export const TEAM_INVITATIONS_MAX = 1_000
export const INVITATION_CODE_BYTES = 24
/** client-auth.md §2.1: as long as an account may await its activation. */
export const INVITATION_SECONDS = 1_209_600

/** client-auth.md §2.1: wrong tries that a code survives. */
export const CODE_ATTEMPTS_MAX = 3
/** For an account that waits for it; an address alone has to hurry more. */
export const ACCOUNT_ACTIVATION_SECONDS = 1_209_600
export const ACTIVATION_SECONDS = 3_600
/** client-auth.md §5. */
export const PASSWORD_RESET_SECONDS = 600
export const DELETION_SECONDS = 600
export const DELETION_KEY_BYTES = 24

/** To the SMTP server, which is usually near and queues itself. */
export const MAIL_TIMEOUT_MS = 10_000
export const MAILS_AT_ONCE = 4
export const MAILS_WAITING_MAX = 1_000

/** How much longer than said a guest may stay, and how many of them are ended at a time. */
export const ACCOUNT_UPKEEP_INTERVAL_MS = 60 * 60 * 1_000
export const EXPIRED_GUESTS_AT_ONCE = 100

/** A transaction that ends tokens takes less. */
export const REVOCATION_OVERLAP_MS = 60_000

/** rules.md §7: connections in one notification that a user is gone. */
export const CONNECTIONS_PER_NOTIFICATION = 1_000

/** A net under the notes by which processes hear that the list of remotes has changed. */
export const REMOTES_REMEMBERED_MS = 1_000

/** For how long whoever asked may rely on the devices he was told. */
export const PROMISE_MS = 5_000
/** When it has ended whoever measured it: a tenth longer, for two clocks that do not run alike. */
export const PROMISE_OVER_MS = 5_500
/** A watcher that takes longer to answer gets no promises for so long. */
export const WATCHER_PROMPT_MS = 1_000
export const WATCHER_REST_MS = 10 * 60 * 1_000
/** Before one that could not be told is told again. */
export const TELL_AGAIN_MS = 500
/** Backends that are told before devices change, and of these at one time. */
export const DEVICE_WATCHERS_MAX = 1_000
export const WATCHERS_TOLD_AT_ONCE = 64
/** After which those who ask no more are forgotten; who goes on asking costs a write each time. */
export const WATCHERS_KEPT_MS = 30_000
/** A change of devices that is under way for longer is not made any more. */
export const DEVICE_CHANGE_MS_MAX = 60_000
