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

/** As it goes over the wire; assembled as text because the payload is JSON already. */
export const frame = ({ user, at, payload, isTransient }: Framed): Buffer =>
  binaryFrame(`{"id":"${notificationId(user, at)}","payload":${payload},"transient":${isTransient}}`)

const WHOLE_AND_BINARY = 0x82
const BYTES_IN_7_BITS_MAX = 125
const BYTES_IN_16_BITS_MAX = 0xffff

/** RFC 6455 §5.2: one frame from a server, whose characters are bytes. */
export const binaryFrame = (ascii: string): Buffer => {
  const { length } = ascii
  const headBytes = length <= BYTES_IN_7_BITS_MAX ? 2 : length <= BYTES_IN_16_BITS_MAX ? 4 : 10
  const bytes = Buffer.allocUnsafe(headBytes + length)
  bytes[0] = WHOLE_AND_BINARY
  if (headBytes === 2) {
    bytes[1] = length
  } else if (headBytes === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 127
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  bytes.write(ascii, headBytes, 'latin1')
  return bytes
}
