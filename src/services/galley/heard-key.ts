/**
 * Recognising a notification that another backend repeats because our answer was lost. The protocol has no id for it,
 * but a repetition is identical to the byte, request id included (backend-notifications.md §10).
 */
import { hash } from 'node:crypto'
import type { FederationContext } from '#src/rpc/federation-server.ts'

/** `body` as decoded: equal bytes decode to equal values, in the same order. */
export const heardKey = (rpc: string, body: unknown, { origin, requestId }: FederationContext): Uint8Array =>
  hash('sha256', JSON.stringify([origin, rpc, requestId, body]), 'buffer')

/** Ids that are the same whenever the same notification comes: gundeck then stores its events once. */
export const pushIdsOf = (key: Uint8Array): (() => string) => {
  let index = 0
  return () => {
    index += 1
    // Most notifications lead to one push, and their key is as good as another hash of it.
    return uuidOf(index === 1 ? key : hash('sha256', Buffer.concat([key, Buffer.from(String(index))]), 'buffer'))
  }
}

/** RFC 9562 §5.8: version 8, for ids of one's own making. */
const uuidOf = (hash: Uint8Array): string => {
  const hex = Buffer.from(hash.buffer, hash.byteOffset, 16).toString('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
