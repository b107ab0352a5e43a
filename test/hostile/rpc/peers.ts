/** Backends b and c as far as ours asks them something back: they know their people and say yes to everything. */
import type { Domain } from '#src/contract/ids.ts'
import { jsonResponse, type Transport } from '#src/kit/http/wire.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import { B, C, CLIENTS, REMOTE } from './cast.ts'

const CLIENT_OF: Readonly<Record<string, string>> = {
  [REMOTE.bob]: CLIENTS.ofBob,
  [REMOTE.carla]: CLIENTS.ofCarla,
}

type Answers = Readonly<Record<string, (input: never) => unknown>>

const answersOf = (domain: Domain): Answers => ({
  'api-version': () => ({ supported: [0, 1], supported_versions: [0, 1, 2, 3] }),
  'get-users-by-ids': (ids: string[]) => ids.map((id) => profile(domain, id)),
  'get-user-clients': ({ users }: { users: string[] }) =>
    Object.fromEntries(users.map((id) => [id, CLIENT_OF[id] === undefined ? [] : [{ id: CLIENT_OF[id] }]])),
  'send-connection-action': () => ({ tag: 'NewConnectionResponseOk', contents: 'RemoteConnect' }),
  'get-not-fully-connected-backends': () => ({ non_connected_backends: [] }),
  'on-conversation-created': () => ({}),
})

const profile = (domain: Domain, id: string) => ({
  qualified_id: { domain, id },
  id,
  name: 'somebody',
  accent_id: 0,
  legalhold_status: 'no_consent',
})

export const playPeers = (): ReadonlyMap<string, Transport> => new Map([B, C].map((domain) => [domain, play(domain)]))

const play = (domain: Domain): Transport => ({
  send: async ({ params, body }) => {
    const answer = answersOf(domain)[params['rpc'] ?? '']
    if (!answer) return jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'not played' })
    return jsonResponse(200, answer(JSON.parse(Buffer.from(body).toString()) as never))
  },
})

export const federatorTo = (peers: ReadonlyMap<string, Transport>): FederatorTransport => ({
  send: async ({ domain, rpc, headers, body }) => {
    const peer = peers.get(domain)
    const asked = { method: 'POST', pattern: '/federation/{rpc}', params: { rpc }, query: {}, headers, body } as const
    const answered = peer
      ? await peer.send(asked)
      : jsonResponse(422, { code: 422, label: 'invalid-domain', message: 'no SRV record' })
    return { ...answered, body: answered.body instanceof Uint8Array ? once(answered.body) : answered.body }
  },
})

const once = async function* (bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
