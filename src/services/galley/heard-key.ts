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
    return uuidOf(hash('sha256', Buffer.concat([key, Buffer.from(String(index))]), 'buffer'))
  }
}

/** RFC 9562 §5.8: version 8, for ids of one's own making. */
const uuidOf = (hash: Buffer): string => {
  const bytes = hash.subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
