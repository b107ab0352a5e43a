/** Bounds on what clients may send about people, sessions and devices. Where the protocol names one it is that one. */

/** RFC 5321 §4.5.3.1.3 minus the angle brackets. */
export const EMAIL_CHARACTERS_MAX = 254

/** client-auth.md §2.3, §3: new passwords are longer than some that exist. */
export const PASSWORD_CHARACTERS_MAX = 1_024
export const NEW_PASSWORD_CHARACTERS_MIN = 8
export const OLD_PASSWORD_CHARACTERS_MIN = 6

export const CODE_CHARACTERS_MAX = 64
export const CODE_KEY_CHARACTERS_MAX = 128

/** Labels of cookies and devices, models: free text shown in lists. */
export const LABEL_CHARACTERS_MAX = 256

/** client-auth.md §3.1. */
export const COOKIES_PER_TYPE_MAX = 32

/** Seven days. */
export const GUEST_LIFETIME_SECONDS_MAX = 604_800

export const PROFILE_ASSETS_MAX = 20

/** Of a set of two; repetitions are dropped. */
export const PROTOCOLS_MAX = 16

/** client-users.md §3: clients send up to a few hundred. */
export const LISTED_USERS_MAX = 2_000
export const LISTED_HANDLES_MAX = 4
/** What an address line has room for. */
export const IDS_IN_ADDRESS_MAX = 200

/** client-users.md §4. */
export const HANDLE_CANDIDATES_MAX = 50
export const FREE_HANDLES_MAX = 10
export const SEARCH_TERM_CHARACTERS_MAX = 256
export const SEARCH_SIZE_MAX = 500
export const SEARCH_SIZE_DEFAULT = 15

/** client-users.md §5.5, §6. */
export const USERS_PER_DEVICE_LIST_MAX = 500

/** As many as an ordinary request body can hold. */
export const PREKEYS_PER_REQUEST_MAX = 4_000

/** About a hundred bytes today, some thousands with post-quantum keys. */
export const PREKEY_BYTES_MAX = 8_192
export const PREKEY_BYTES_MIN = 1

export const CAPABILITIES_MAX = 32
export const CAPABILITY_CHARACTERS_MAX = 64
export const SIGNATURE_KEY_BYTES_MAX = 1_024

/** client-users.md §9.3 for references; no device needs more packages at once. */
export const KEY_PACKAGES_PER_REQUEST_MAX = 1_000
/** About 300 bytes today, some thousands with certificates or post-quantum keys. */
export const KEY_PACKAGE_BYTES_MAX = 16 * 1024
/** SHA-512. */
export const KEY_PACKAGE_REFERENCE_BYTES_MAX = 64
export const CIPHER_SUITES_PER_REQUEST_MAX = 16

/** client-users.md §7. */
export const CONNECTIONS_PAGE_MAX = 500
export const CONNECTIONS_PAGE_DEFAULT = 100
export const PAGING_STATE_CHARACTERS_MAX = 1_024

/** client-users.md §8. */
export const PROPERTY_KEY_CHARACTERS_MAX = 1_024
export const PROPERTY_VALUE_CHARACTERS_MAX = 524_288
/** A character takes at most four bytes. */
export const PROPERTY_BODY_BYTES_MAX = 4 * PROPERTY_VALUE_CHARACTERS_MAX
/** Lists and objects inside each other. Stock clients need about five. */
export const PROPERTY_LEVELS_MAX = 64
export const PROPERTIES_MAX = 16

/** As in the original. */
export const TEAM_MEMBERS_PAGE_MAX = 2_000
export const INVITATIONS_PAGE_MAX = 500
export const INVITATION_CODE_CHARACTERS_MAX = 128
export const TEAM_ICON_KEY_CHARACTERS_MAX = 256
export const CURRENCY_CHARACTERS_MAX = 16
