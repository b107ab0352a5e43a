import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { QualifiedConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import { B, client, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId

beforeEach(async () => {
  ;[alice, alex, bob] = [person(), person(), person(B)]
})

const body = encodeProteusMessage({
  sender: client('a1'),
  recipients: new Map(),
  nativePush: true,
  blob: new Uint8Array(),
  priority: undefined,
  transient: false,
  strategy: { kind: 'report-all' },
})

const sendAs = (user: QualifiedUserId, to: QualifiedConversationId) =>
  galley.as(
    user,
    'post-message',
    { params: { domain: to.domain, conversation: to.id }, body },
    { headers: { 'content-type': 'application/x-protobuf' } },
  )

const inRemoteConversation = async (): Promise<QualifiedConversationId> => {
  const there = await broughtInto(galley, bob, [alice])
  await galley.queued()
  return there
}

const status = {
  time: '2026-01-01T00:00:00.123Z',
  missing: {},
  redundant: {},
  deleted: {},
  failed_to_send: {},
  failed_to_confirm_clients: {},
}

test('MSG-009: a message into a remote conversation goes to its owner as it is, whose answer is ours', async () => {
  const there = await inRemoteConversation()
  const missing = { [alice.domain]: { [alice.id]: ['a2'] } }
  const answers: [unknown, unknown][] = [
    [{ Right: status }, { outcome: 'sent', body: status }],
    [
      { Left: { tag: 'MessageNotSentClientMissing', contents: { ...status, missing } } },
      { outcome: 'mismatch', body: { ...status, missing } },
    ],
    [{ Left: { tag: 'MessageNotSentConversationNotFound' } }, { outcome: 'not-found' }],
    [{ Left: { tag: 'MessageNotSentUnknownClient' } }, { outcome: 'unknown-client' }],
    [{ Left: { tag: 'MessageNotSentLegalhold' } }, { outcome: 'legalhold-consent-missing' }],
    [{ Left: { tag: 'MessageNotSentLegalholdOldClients' } }, { outcome: 'legalhold-clients-too-old' }],
  ]
  for (const [theirs, ours] of answers) {
    galley.backends.plays(B, { rpcs: { 'send-message': () => theirs } })
    assert.deepEqual(await sendAs(alice, there), ours)
    assert.deepEqual(
      galley.backends.calls.map(({ rpc, input }) => [rpc, input]),
      [['send-message', { conv_id: there.id, sender: alice.id, raw_message: Buffer.from(body).toString('base64') }]],
    )
  }
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('MSG-010: when the owner is away nothing is sent, now or later', async () => {
  const there = await inRemoteConversation()
  galley.backends.plays(B, {})
  await assert.rejects(sendAs(alice, there), /533/)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('a remote conversation that the sender is not in is not even asked about', async () => {
  const there = await inRemoteConversation()
  galley.backends.plays(B, { rpcs: { 'send-message': () => ({ Right: status }) } })
  assert.deepEqual(await sendAs(alex, there), { outcome: 'not-found' })
  assert.deepEqual(galley.backends.calls, [])
})
