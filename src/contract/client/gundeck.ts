/** Catching up on what happened (client-notifications.md). The live half, `/await`, is declared with the gateway. */
import { z } from 'zod'
import { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { opaqueText } from '#src/contract/shapes.ts'
import { answer, endpoint, failure, until } from '#src/kit/endpoint.ts'

/** client-notifications.md §3.1. */
export const PAGE_SIZE_MIN = 100
export const PAGE_SIZE_MAX = 10_000

const NOTIFICATION_ID_CHARACTERS_MAX = 200
const CLIENT_CHARACTERS_MAX = 200

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
}
