/** Bounds on what clients may send about conversations. Where the protocol names one it is that one. */
import { RAW_MESSAGE_BYTES_MAX } from '../federation/limits.ts'

/** client-conversations.md §3, creator included; an operator may allow more, up to a bound. */
export const GROUP_MEMBERS_DEFAULT = 500
export const GROUP_MEMBERS_MAX = 2_500

/** Duplicates and the creator himself may stand in the list; more is nonsense. */
export const LISTED_MEMBERS_MAX = 2 * GROUP_MEMBERS_MAX

/** Sets of four possible values, duplicates tolerated. */
export const ACCESS_VALUES_MAX = 32

/** client-conversations.md §4. */
export const CONVERSATION_IDS_PAGE_MAX = 1_000
export const CONVERSATIONS_PER_LIST_MAX = 1_000
/** What apps of before federation ask for at a time. */
export const OLD_CONVERSATIONS_NAMED_MAX = 32
export const OLD_CONVERSATIONS_PAGE_DEFAULT = 100
export const OLD_CONVERSATIONS_PAGE_MAX = 500
export const PAGING_STATE_CHARACTERS_MAX = 1_024

/** What a client may send is what the owner of the conversation takes from us. */
export const PROTEUS_MESSAGE_BYTES_MAX = RAW_MESSAGE_BYTES_MAX

/** Keys and codes of guest links, and the passwords that may protect them. */
export const CODE_CHARACTERS_MAX = 64
export const CODE_PASSWORD_CHARACTERS_MIN = 8
export const CODE_PASSWORD_CHARACTERS_MAX = 1_024

/** The two built in, and what teams may add. */
export const ROLES_MAX = 32

/** One is meant; the caller himself may stand beside. */
export const ONE_TO_ONE_LISTED_MAX = 2
