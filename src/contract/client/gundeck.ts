/** Catching up on what happened (client-notifications.md). The live half, `/await`, is declared with the gateway. */
import { z } from 'zod'
import { ClientId } from '#src/contract/ids.ts'
import { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { opaqueText } from '#src/contract/shapes.ts'
import { answer, empty, endpoint, failure, from, until } from '#src/kit/endpoint.ts'

/** client-notifications.md §3.1. */
export const PAGE_SIZE_MIN = 100
export const PAGE_SIZE_MAX = 10_000

const NOTIFICATION_ID_CHARACTERS_MAX = 200
const CLIENT_CHARACTERS_MAX = 200

const APP_CHARACTERS_MAX = 256
const PUSH_TOKEN_CHARACTERS_MAX = 8_192
const PUSH_TOKENS_MAX = 64

/** Version 1 UUID; its timestamp is its place in the user's order. */
const NotificationId = z.guid().toLowerCase()

export const Notification = z.object({ id: NotificationId, payload: z.array(PushedEvent) })
export type Notification = z.infer<typeof Notification>

export const NotificationList = z.object({
  notifications: z.array(Notification).max(PAGE_SIZE_MAX).describe('Ascending.'),
  has_more: z.boolean().describe('Whether to ask again from the last of these on.'),
  time: z.iso.datetime({ precision: 3 }).describe("The server's clock."),
})

/** When a parameter is repeated the first one counts. */
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)

// Stock clients answer any error here by asking again without `since`, and that one again, without end: what cannot
// be understood is therefore read as the nearest thing that can (client-notifications.md §3.1).
const lenient = <S extends z.ZodType>(schema: S) => z.preprocess(first, schema)

/** Text, because an id that no device has is a filter that matches nothing, not an error. */
const ClientFilter = lenient(opaqueText(CLIENT_CHARACTERS_MAX).optional().catch(''))

const PageSize = lenient(
  z.coerce
    .number()
    .transform((size) => Math.trunc(Math.min(Math.max(size, PAGE_SIZE_MIN), PAGE_SIZE_MAX)))
    .catch(PAGE_SIZE_MAX),
)

/** A phone that can be woken: which device by which provider's means. */
const tokenOf = <T extends z.ZodType>(transport: T) =>
  z.object({
    transport,
    app: opaqueText(APP_CHARACTERS_MAX),
    token: opaqueText(PUSH_TOKEN_CHARACTERS_MAX),
    client: ClientId,
  })

export const PushToken = tokenOf(z.enum(['GCM', 'APNS', 'APNS_SANDBOX']))
export type PushToken = z.infer<typeof PushToken>

/** The last two are understood only to be refused. */
const NewPushToken = tokenOf(z.enum(['GCM', 'APNS', 'APNS_SANDBOX', 'APNS_VOIP', 'APNS_VOIP_SANDBOX']))

const notFound = failure(404, 'not-found', 'Some notifications not found')

export const gundeckClient = {
  'get-notifications': endpoint('What happened to the caller since a notification that he has seen.', {
    method: 'GET',
    path: '/notifications',
    access: 'token',
    query: z.object({
      since: lenient(z.string().max(NOTIFICATION_ID_CHARACTERS_MAX).optional().catch('too long')).describe(
        'Exclusive.',
      ),
      client: ClientFilter.describe('Only what is addressed to this device or to all.'),
      size: PageSize.optional().describe('Clamped to 100–10,000.'),
    }),
    answers: {
      notifications: answer(200, NotificationList),
      'unknown-since': notFound,
      // Not an error object: stock clients begin anew when they are told 400, but not when an object tells them so.
      'malformed-since': { ...empty(400, '`since` is no version 1 UUID.'), versions: from(3) },
      'unknown-since-with-list': answer(404, NotificationList, 'Those newer than the unknown one.', until(3)),
    },
  }),

  'get-last-notification': endpoint('The newest notification; where a new device starts to listen from.', {
    method: 'GET',
    path: '/notifications/last',
    access: 'token',
    query: z.object({ client: ClientFilter }),
    answers: { notification: answer(200, Notification), 'not-found': notFound },
  }),

  'get-notification': endpoint('One notification by its id.', {
    method: 'GET',
    path: '/notifications/{id}',
    access: 'token',
    params: z.object({ id: z.string().max(NOTIFICATION_ID_CHARACTERS_MAX) }),
    query: z.object({ client: ClientFilter }),
    answers: { notification: answer(200, Notification), 'not-found': notFound },
  }),

  'register-push-token': endpoint('Name the means by which a device can be woken; replaces those it had for the app.', {
    method: 'POST',
    path: '/push/tokens',
    access: 'token',
    body: NewPushToken,
    answers: {
      registered: answer(201, PushToken),
      voip: failure(400, 'apns-voip-not-supported', 'Tokens of the transport APNS_VOIP are not supported'),
    },
  }),

  'list-push-tokens': endpoint('The push tokens of the devices of the caller.', {
    method: 'GET',
    path: '/push/tokens',
    access: 'token',
    answers: { found: answer(200, z.object({ tokens: z.array(PushToken).max(PUSH_TOKENS_MAX) })) },
  }),

  'remove-push-token': endpoint('No longer wake a device by this.', {
    method: 'DELETE',
    path: '/push/tokens/{token}',
    access: 'token',
    params: z.object({ token: opaqueText(PUSH_TOKEN_CHARACTERS_MAX) }),
    answers: { removed: empty(204), 'not-found': failure(404, 'not-found', 'Push token not found') },
  }),

  'get-time': endpoint("The server's clock.", {
    method: 'GET',
    path: '/time',
    access: 'token',
    answers: { time: answer(200, z.object({ time: z.iso.datetime() })) },
  }),
}
