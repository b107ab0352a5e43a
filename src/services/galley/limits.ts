/** Bounds of galley's own work. What clients and other backends may send is bounded in `contract/`. */
import { RAW_MESSAGE_BYTES_MAX } from '#src/contract/federation/limits.ts'

/** For other backends to say which clients their users have; after that the sender's word counts. */
export const REMOTE_CLIENTS_TIMEOUT_MS = 4_000

/** For the owner of conversations in a list, after that they are reported as failed. */
export const REMOTE_CONVERSATIONS_TIMEOUT_MS = 5_000

/** For the owner of a conversation to carry out a change that one of our users wants. */
export const OWNER_TIMEOUT_MS = 10_000

/** For another backend, or gundeck, to hear that somebody types; after that it is old news. */
export const TYPING_TIMEOUT_MS = 2_000

/** Ephemeral things that are being told at once; more are dropped. */
export const EPHEMERA_UNDER_WAY_MAX = 1_000

/** Of a guest link's key and of its code each: 20 characters. */
export const CODE_BYTES = 15

/** How long a guest link is good (client-conversations.md §7). */
export const CODE_MS_MAX = 365 * 24 * 60 * 60 * 1_000

/** Passwords of guest links that are computed at once; whoever comes then has to try again. */
export const CODE_PASSWORDS_AT_ONCE_MAX = 8

/** Conversations that somebody who is gone is looked for in, at a time. */
export const CONVERSATIONS_PER_ROUND = 100

/** Conversations named in one notification that a user is gone (federation-api.md §7.10). */
export const CONVERSATIONS_PER_DELETION = 1_000

/** For another backend to show that it is there and whom it federates with. */
export const FEDERATION_CHECK_TIMEOUT_MS = 5_000

/** For another backend to take note of a new conversation. */
export const CREATION_TIMEOUT_MS = 10_000

/**
 * Conversations that one request asks of their owner. Answers are bounded in bytes, and large groups must not make
 * them larger than that.
 */
export const CONVERSATIONS_PER_REMOTE_REQUEST = 100

/** How often a message is compared anew because the members changed meanwhile, before the sender has to try again. */
export const SENDING_ATTEMPTS_MAX = 5

/** How often a change is decided anew because the members changed while others were asked. */
export const CHANGING_ATTEMPTS_MAX = 5

/** People that one broadcast is for; whoever belongs to a larger circle is refused. */
export const BROADCAST_USERS_MAX = 2_000

/** Characters of the events that gundeck is handed at once, below what it takes over HTTP; and of an event without its texts. */
export const PUSHED_CHARACTERS_MAX = 90 * 1024 * 1024
export const ENVELOPE_CHARACTERS = 600

/** Characters of the texts of one message, all recipients together: what is sent has no more bytes, and Base64 is a third longer. */
export const TEXTS_CHARACTERS_MAX = Math.ceil((RAW_MESSAGE_BYTES_MAX * 4) / 3)

/** Recipients in one push, below what gundeck takes. */
export const RECIPIENTS_PER_PUSH_MAX = 10_000

/**
 * Members that all the events of one row in the queue may list together. Each recipient of `conversation.create` gets
 * the conversation from his own point of view, so the size of all of them grows with the square of the members.
 */
export const LISTED_MEMBERS_PER_ROW_MAX = 5_000

/** A creation that was neither confirmed nor undone for this long belongs to a process that is gone. */
export const UNCONFIRMED_MS_MAX = 5 * 60 * 1_000
export const UNCONFIRMED_ROWS_MAX = 100

/** How long an identical notification of another backend is taken for a repetition. */
export const HEARD_MS_MAX = 3 * 24 * 60 * 60 * 1_000
export const HEARD_ROWS_MAX = 10_000

export const SWEEP_INTERVAL_MS = 60 * 1_000

/** Questions for the clients of people that are under way at one time, to each backend, and people in one of them. */
export const CLIENT_QUESTIONS_AT_ONCE = 2
export const CLIENT_QUESTION_USERS_MAX = 1_000
export const QUESTIONED_BACKENDS_MAX = 10_000

/** Users whose clients are remembered for as long as their backends promise, some hundred bytes each. */
export const REMEMBERED_CLIENTS_USERS_MAX = 50_000

/** Conversations whose members are remembered for the next message, and members up to which that is worth its memory. */
export const REMEMBERED_CONVERSATIONS_MAX = 2_000
export const REMEMBERED_MEMBERS_MAX = 256

/** Messages and characters that are accepted in one statement, and what may wait for the next ones. */
export const ACCEPTED_AT_ONCE_MAX = 256
export const ACCEPTED_CHARACTERS_MAX = 8 * 1024 * 1024
export const ACCEPTING_CHARACTERS_MAX = 256 * 1024 * 1024

/** Questions for who is in conversations of others, at one time, and people in one of them. */
export const PRESENCE_QUESTIONS_AT_ONCE = 2
export const PRESENCE_QUESTION_USERS_MAX = 2_000

/** How long somebody is taken to be in a conversation of others without another look, and of how many that is known. */
export const PRESENCE_MS = 5_000
export const PRESENCE_REMEMBERED_MAX = 20_000
