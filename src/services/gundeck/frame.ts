/** Notifications as text. */
import { notificationId, type Position } from './notification-id.ts'
import type { UserId } from '#src/contract/ids.ts'

/**
 * JSON in ASCII: browser builds of the stock client decode the bytes of a frame as Latin-1 (client-notifications.md
 * §4). JSON text holds such characters in strings only, where `\uXXXX` means the same.
 */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

export interface Framed {
  readonly user: UserId
  readonly at: Position
  /** JSON array of events, ASCII only. */
  readonly payload: string
  readonly isTransient: boolean
}

/** One websocket message; assembled as text because the payload is JSON already. */
export const frame = ({ user, at, payload, isTransient }: Framed): Buffer =>
  Buffer.from(`{"id":"${notificationId(user, at)}","payload":${payload},"transient":${isTransient}}`, 'latin1')
