/**
 * What our own parts ask of gundeck. All of it is harmless the second time: the courier repeats a call until it has
 * seen the answer. `GET /i/await` is not here because it is not a request with an answer: the gateway's way of handing
 * over a websocket is in `services/gundeck/await.ts`.
 */
import { z } from 'zod'
import { ClientId, RequestId, UserId } from '#src/contract/ids.ts'
import { answer, endpoint } from '#src/kit/endpoint.ts'

export const PUSHES_MAX = 1_000
export const RECIPIENTS_MAX = 20_000
const CLIENTS_MAX = 256
const EVENTS_MAX = 100
const EVENT_TYPE_CHARACTERS_MAX = 200

/** A Proteus message of 40 MB as its recipients see it, in Base64 and with its envelope. */
const PUSH_BODY_BYTES_MAX = 96 * 1024 * 1024

/** An event as clients know it (client-notifications.md §5); gundeck looks at nothing inside. */
export const PushedEvent = z.looseObject({ type: z.string().min(1).max(EVENT_TYPE_CHARACTERS_MAX) })
export type PushedEvent = z.infer<typeof PushedEvent>

const Events = z.array(PushedEvent).min(1).max(EVENTS_MAX)

export const PushRecipient = z.object({
  user: UserId,
  /** Empty: all of the user's clients, those included that do not exist yet. */
  clients: z.array(ClientId).max(CLIENTS_MAX).default([]),
  /** Instead of the push's own, e.g. because every device gets its own ciphertext. */
  payload: Events.optional(),
})
export type PushRecipient = z.infer<typeof PushRecipient>

export const Push = z.object({
  /** Chosen by the sender, unique per user: the same push again stores and tells nothing. */
  id: z.guid().toLowerCase(),
  /** A user may stand here more than once; each entry becomes one notification. */
  recipients: z.array(PushRecipient).max(RECIPIENTS_MAX),
  payload: Events,
  /** Told to open sockets only, never stored, not protected against repetition. */
  transient: z.boolean().default(false),
  /** The socket that belongs to the causing request's token is skipped; storage is not. Its device is not woken. */
  origin: z
    .object({ user: UserId, client: ClientId.optional(), connection: z.string().max(40) })
    .nullable()
    .default(null),
  /** False (the route `direct`): devices that are away are not woken for it. Transient pushes never wake any. */
  nativePush: z.boolean().optional(),
  /** How much of a hurry there is to wake them; high unless said. */
  priority: z.enum(['low', 'high']).optional(),
  /** For tracing, when it is not that of the call: one call may carry pushes of many requests. */
  requestId: RequestId.optional(),
})
export type Push = z.infer<typeof Push>

const Done = z.object({})

export const gundeckInternal = {
  push: endpoint('Store notifications for users and tell their open sockets.', {
    method: 'POST',
    path: '/i/push',
    access: 'internal',
    body: z.object({ pushes: z.array(Push).max(PUSHES_MAX) }),
    bodyLimit: PUSH_BODY_BYTES_MAX,
    answers: { done: answer(200, Done, 'All of them are stored.') },
  }),

  'open-stream': endpoint('Let a device acknowledge what it gets, from what is told next on.', {
    method: 'POST',
    path: '/i/streams',
    access: 'internal',
    body: z.object({ user: UserId, client: ClientId }),
    answers: { done: answer(200, Done) },
  }),

  'remove-client': endpoint('Close the sockets of a device that was removed. Push `user.client-remove` before.', {
    method: 'POST',
    path: '/i/clients/remove',
    access: 'internal',
    body: z.object({ user: UserId, client: ClientId }),
    answers: { done: answer(200, Done) },
  }),

  'disconnect-user': endpoint('Close the sockets of an account that may not be used; nothing of it is forgotten.', {
    method: 'POST',
    path: '/i/users/disconnect',
    access: 'internal',
    body: z.object({ user: UserId }),
    answers: { done: answer(200, Done) },
  }),

  'remove-user': endpoint('Forget the notifications of a deleted account and close its sockets.', {
    method: 'POST',
    path: '/i/users/remove',
    access: 'internal',
    body: z.object({ user: UserId }),
    answers: { done: answer(200, Done) },
  }),
}
