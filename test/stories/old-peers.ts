/** Stories with a backend of an older version, which the story plays. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { eventually } from '#src/storage/testing.ts'
import type { Person } from '#src/world/person.ts'
import { type HeardCall, type PlayedAnswer, playPeer, speaks } from './played-peer.ts'
import { PLAYED, type Telling } from './telling.ts'

type Answer = PlayedAnswer | ((call: HeardCall) => PlayedAnswer)

export const oldPeerStories = ({ network, people }: Telling): void => {
  for (const version of [0, 1, 2]) {
    test(`CNV-057: a group with people of a backend that speaks version ${version} and older ones only`, async () => {
      await using cast = await people('alice@alpha.test')
      const { alice } = cast
      await using peer = await playPeer(network(), { domain: PLAYED, answers: answersOf(version) })
      const [bob, brad] = [somebody(), somebody()]
      // What the peer spoke before is forgotten with its first failure.
      assert.deepEqual([await ask(alice, bob), await ask(alice, bob), await ask(alice, brad)], [533, 201, 201])

      const create = { name: 'before', qualified_users: [bob], receipt_mode: null }
      const failed = await alice.app.http.send({ method: 'POST', path: '/conversations', body: create })
      assert.equal(failed.status, 533)
      // Taking that back fails once too, so that the queue asks anew.
      const updates = () => peer.calls.filter(({ rpc }) => rpc === UPDATE)
      await eventually(() => updates().length === 2, 'the peer was told that there is no such conversation')
      const { qualified_id: group } = await alice.app.createConversation('before', [bob])
      const path = `/conversations/${group.domain}/${group.id}`
      await alice.app.http.call({ method: 'PUT', path: `${path}/name`, body: { name: 'after' } })
      await alice.app.http.call({ method: 'POST', path: `${path}/members`, body: { qualified_users: [brad] } })
      await alice.app.http.call({ method: 'DELETE', path: `${path}/members/${PLAYED}/${brad.id}` })
      const recipients = { [PLAYED]: { [bob.id]: { b1: Buffer.from('hello') } } }
      const sent = await alice.app.sendProteus(group, { sender: alice.client, recipients })
      assert.deepEqual([sent.isDelivered, sent.failed_to_send, sent.failed_to_confirm_clients], [true, {}, {}])

      await eventually(() => peer.calls.some(({ rpc }) => rpc === MESSAGE), 'the message reached the peer')
      const told = updates().slice(2)
      assert.deepEqual(told.map(whatItSays), [
        `ConversationRenameTag ${group.id}`,
        `ConversationJoinTag ${group.id}`,
        `ConversationRemoveMembersTag ${group.id}`,
      ])
      const versions = new Set(told.map(({ headers }) => headers['x-wire-api-version']))
      assert.deepEqual(versions, new Set([String(version)]))
      assert.ok(told.every(({ body }) => 'cuAction' in (body as object) === (version === 0)))
      const [message] = peer.calls.filter(({ rpc }) => rpc === MESSAGE)
      assert.ok(message)
      const { conversation, recipients: texts } = message.body as { conversation: string; recipients: unknown }
      assert.deepEqual([conversation, texts], [group.id, { [bob.id]: { b1: Buffer.from('hello').toString('base64') } }])
    })
  }
}

const UPDATE = 'galley/on-conversation-updated'
const MESSAGE = 'galley/on-message-sent'

const somebody = () => ({ domain: PLAYED, id: randomUUID() })

const ask = async ({ app }: Person, { domain, id }: { domain: string; id: string }): Promise<number> =>
  (await app.http.send({ method: 'POST', path: `/connections/${domain}/${id}` })).status

/** Agrees to everything, and fails the first time. */
const answersOf = (version: number): Record<string, Answer> => ({
  'brig/api-version': speaks(...Array.from({ length: version + 1 }, (_, each) => each)),
  'brig/get-users-by-ids': failingOnce(({ body }) => ({ body: (body as string[]).map(profileOf) })),
  'brig/send-connection-action': { body: { tag: 'NewConnectionResponseOk', contents: 'RemoteConnect' } },
  'brig/get-not-fully-connected-backends': { body: { non_connected_backends: [] } },
  'brig/get-user-clients': ({ body }) => ({ body: clientsOf((body as { users: string[] }).users) }),
  'galley/on-conversation-created': failingOnce(() => ({ body: {} })),
  [UPDATE]: failingOnce(() => ({ body: {} })),
  [MESSAGE]: { body: {} },
})

const failingOnce = (answer: (call: HeardCall) => PlayedAnswer): Answer => {
  let hasFailed = false
  return (call) => {
    if (hasFailed) return answer(call)
    hasFailed = true
    return { status: 500, body: { code: 500, label: 'internal-error', message: 'not yet' } }
  }
}

const profileOf = (id: string) => ({
  qualified_id: { domain: PLAYED, id },
  id,
  name: 'Bob',
  picture: [],
  assets: [],
  accent_id: 0,
  legalhold_status: 'no_consent',
})

const clientsOf = (users: readonly string[]) => Object.fromEntries(users.map((user) => [user, [{ id: 'b1' }]]))

interface Update {
  readonly convId?: string
  readonly cuConvId?: string
  readonly action?: { readonly tag: string }
  readonly cuAction?: { readonly tag: string }
}

const whatItSays = ({ body }: HeardCall): string => {
  const { convId, cuConvId, action, cuAction } = body as Update
  return `${(action ?? cuAction)?.tag} ${convId ?? cuConvId}`
}
