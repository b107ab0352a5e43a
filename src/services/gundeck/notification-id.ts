/**
 * Ids of notifications: version 1 UUIDs (RFC 9562 §5.1), as clients expect, computed from the user and the position in
 * his stream. Nothing of an id is stored besides the position, and an id tells whether it can have been issued to this
 * user: its other half comes from the user's own id. Random node ids were refused, because then only a stored copy of
 * every id, those of transient notifications included, could tell an expired `since` from an invented one.
 */
import type { UserId } from '#src/contract/ids.ts'

/** Position in a user's stream: microseconds since 1970, and never the same twice for one user. */
export type Position = number

// RFC 9562 §5.1: 100 ns steps since 15 October 1582.
const GREGORIAN_OFFSET = 0x01b21dd213814000n
const TICKS_PER_MICROSECOND = 10n

export const notificationId = (user: UserId, at: Position): string => {
  const ticks = BigInt(at) * TICKS_PER_MICROSECOND + GREGORIAN_OFFSET
  const hex = ticks.toString(16).padStart(15, '0')
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${owningHalf(user)}`
}

const VERSION_1 = /^([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The position that a version 1 UUID stands for, or undefined when it is none. */
export const positionOf = (id: string): Position | undefined => {
  const [, low, middle, high] = VERSION_1.exec(id) ?? []
  if (low === undefined || middle === undefined || high === undefined) return undefined
  const microseconds = (BigInt(`0x${high}${middle}${low}`) - GREGORIAN_OFFSET) / TICKS_PER_MICROSECOND
  return Number(BigInt.asIntN(53, microseconds) === microseconds && microseconds > 0n ? microseconds : 0n)
}

/** Whether only we can have made this id, for this user. */
export const isIdOf = (user: UserId, id: string): boolean => {
  const at = positionOf(id)
  return at !== undefined && notificationId(user, at) === id
}

/**
 * Clock sequence and node. RFC 9562 §5.1 and §6.10: the variant bits are `10`, and a node that is no network card has
 * the multicast bit set.
 */
const owningHalf = (user: UserId): string => {
  const variant = ((Number.parseInt(user.slice(19, 20), 16) & 0x3) | 0x8).toString(16)
  const multicast = (Number.parseInt(user.slice(25, 26), 16) | 0x1).toString(16)
  return `${variant}${user.slice(20, 25)}${multicast}${user.slice(26)}`
}
