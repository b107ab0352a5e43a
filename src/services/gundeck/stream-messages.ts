/** What is said on `/events`, both ways (client-notifications.md §6). */
import { z } from 'zod'
import type { UserId } from '#src/contract/ids.ts'
import { asciiJson } from './frame.ts'
import { notificationId, type Position } from './notification-id.ts'

const FromClient = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ack'),
    data: z.object({ delivery_tag: z.int().positive(), multiple: z.boolean().default(false) }),
  }),
  z.object({ type: z.literal('ack_full_sync') }),
])
export type FromClient = z.infer<typeof FromClient>

/** Undefined when it is nothing that a client may say. */
export const readMessage = (text: string): FromClient | undefined => {
  try {
    return FromClient.safeParse(JSON.parse(text)).data
  } catch {
    // Not JSON, so none of these.
    return undefined
  }
}

export interface Delivered {
  readonly user: UserId
  readonly at: Position
  /** JSON array of events, ASCII only. */
  readonly payload: string
  readonly tag: number
}

/** Assembled as text because the payload is JSON already. */
export const eventFrame = ({ user, at, payload, tag }: Delivered): Buffer => {
  const event = `{"id":"${notificationId(user, at)}","payload":${payload}}`
  return Buffer.from(`{"type":"event","data":{"delivery_tag":${tag},"event":${event}}}`, 'latin1')
}

export const MISSED_FRAME = Buffer.from('{"type":"notifications_missed"}')

export const synchronizationFrame = (marker: string, tag: number): Buffer =>
  Buffer.from(asciiJson({ type: 'synchronization', data: { delivery_tag: tag, marker_id: marker } }), 'latin1')
