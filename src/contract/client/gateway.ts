/** What the front door answers by itself. */
import { z } from 'zod'
import { Domain } from '#src/contract/ids.ts'
import { answer, bytes, endpoint, failure } from '#src/kit/endpoint.ts'

/**
 * The client API versions we serve, ascending. 0 because the web client of 2022 calls unprefixed paths before it
 * negotiates, 8 because no stock library works below 7 and nothing in messaging needs more; every client takes the
 * highest common one, so each more would be one more surface under test (client-api-versions.md §2).
 */
export const CLIENT_API_VERSIONS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

const VERSIONS_MAX = 100

/** rules.md §17. */
export const FIRST_VERSION_WITH_EVENTS = 8

export const gatewayClient = {
  'get-api-version': endpoint('Which versions of the client API this backend serves.', {
    method: 'GET',
    path: '/api-version',
    access: 'public',
    answers: {
      versions: answer(
        200,
        z.object({
          supported: z.array(z.int()).max(VERSIONS_MAX),
          development: z.array(z.int()).max(VERSIONS_MAX),
          federation: z.boolean(),
          domain: Domain,
        }),
      ),
    },
  }),

  'get-api-docs': endpoint('This interface and that of other backends, as a page for people.', {
    method: 'GET',
    path: '/api/docs',
    access: 'public',
    answers: { page: bytes(200, 'text/html; charset=utf-8', 'HTML without scripts.') },
  }),

  'get-client-document': endpoint('This interface as an OpenAPI document.', {
    method: 'GET',
    path: '/api/docs/client.json',
    access: 'public',
    answers: { document: bytes(200, 'application/json', 'OpenAPI 3.1.') },
  }),

  'get-federation-document': endpoint('What backends call on each other, as an OpenAPI document.', {
    method: 'GET',
    path: '/api/docs/federation.json',
    access: 'public',
    answers: { document: bytes(200, 'application/json', 'OpenAPI 3.1.') },
  }),

  'await-notifications': endpoint('Opens the websocket of live notifications; never with a version prefix.', {
    method: 'GET',
    path: '/await',
    aliases: [{ path: '/websocket' }],
    access: 'token',
    // A websocket handshake ends in a 101 that no route writes; the route is what everybody else gets.
    answers: { 'not-a-websocket': failure(426, 'upgrade-required', 'This address speaks WebSocket only') },
  }),

  'stream-events': endpoint(
    'Opens the websocket of a device that acknowledges what it gets (capability `consumable-notifications`). From ' +
      'version 8 on, with that prefix; `client` names the device, `sync_marker` asks to be told where the past ends.',
    {
      method: 'GET',
      path: '/events',
      access: 'token',
      answers: {
        'not-a-websocket': failure(426, 'upgrade-required', 'This address speaks WebSocket only'),
        'too-old': failure(404, 'no-endpoint', 'The requested endpoint does not exist'),
      },
    },
  ),
}
