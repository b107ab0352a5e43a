/**
 * What replicas of gundeck tell each other through the database: small notes that something happened, never the thing
 * itself, except a transient notification that fits. A replica that misses notes reads the streams of its sockets.
 */
import { z } from 'zod'
import { ClientId, UserId } from '#src/contract/ids.ts'

export const CHANNEL = 'gundeck'

const Device = z.tuple([UserId, ClientId])

const Place = z.tuple([UserId, z.int(), z.int()])

/** Transient notifications, those of one payload together. */
const Transient = z.object({
  at: z.int(),
  payload: z.string(),
  recipients: z.array(z.object({ user: UserId, clients: z.array(ClientId), originConnection: z.string().optional() })),
})
export type Transient = z.infer<typeof Transient>

export const ReplicaNote = z.object({
  /** The replica that wrote the note, which does not need it. */
  from: z.string(),
  /** Streams that grew: user, position and sequence number of their new ends. */
  stored: z.array(Place).optional(),
  transient: Transient.optional(),
  /** Key of a transient notification that was too large for a note. */
  transientId: z.string().optional(),
  /** Sockets to close: those of a device, or all of the user's. */
  removed: z.object({ user: UserId, client: ClientId.optional() }).optional(),
  /** Devices that are about to be woken, and which of them listen to the one that answers. */
  sought: z.object({ question: z.string(), devices: z.array(Device) }).optional(),
  listening: z.object({ question: z.string(), devices: z.array(Device) }).optional(),
})
export type ReplicaNote = z.infer<typeof ReplicaNote>

export const parseTransient = (text: string): Transient => Transient.parse(JSON.parse(text))
