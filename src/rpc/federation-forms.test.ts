import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationUpdate, ConversationUpdateV0 } from '#src/contract/federation/conversation-updates.ts'
import { RemoteConversation, RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import { conversationFromLegacy, conversationToLegacy, updateFromV0, updateToV0 } from './federation-forms.ts'

const ID = '9a8b7c6d-5e4f-4d3c-8b2a-190807060554'

const update = ConversationUpdate.parse({
  time: '2026-01-02T03:04:05.678Z',
  origUserId: { domain: 'a.example', id: ID },
  convId: ID,
  alreadyPresentUsers: [ID],
  action: { tag: 'ConversationResetTag', action: { group_id: 'b2xk', epoch: 7 } },
  extraConversationData: { group_id: 'bmV3' },
})

test('an update for the oldest peers has other names and no extra data', () => {
  const old = updateToV0(update)
  assert.deepEqual(old, ConversationUpdateV0.parse(old))
  assert.deepEqual(Object.keys(old), ['cuTime', 'cuOrigUserId', 'cuConvId', 'cuAlreadyPresentUsers', 'cuAction'])
})

test('an update from the oldest peers is the same, with null for the extra data', () => {
  const read = updateFromV0(updateToV0(update))
  assert.deepEqual(read, { ...update, extraConversationData: null })
  assert.deepEqual(read, ConversationUpdate.parse(read))
})

const conversation = (protocol: unknown) => ({
  id: ID,
  metadata: { type: 0, access: [], access_role: [] },
  members: { self_role: 'wire_member', others: [] },
  protocol,
})

const current = (protocol: unknown) => RemoteConversationV2.parse(conversation(protocol))
const legacy = (protocol: unknown) => RemoteConversation.parse(conversation(protocol))

const group = { protocol: 'mls', group_id: 'Z3JvdXA=', epoch: 0 }
const active = { ...group, epoch: 5, epoch_timestamp: '2024-05-01T10:00:00.000Z', cipher_suite: 2 }

test('Proteus looks the same in every version', () => {
  assert.deepEqual(conversationToLegacy(current({ protocol: 'proteus' })), legacy({ protocol: 'proteus' }))
  assert.deepEqual(conversationFromLegacy(legacy({ protocol: 'proteus' })), current({ protocol: 'proteus' }))
})

test('an active group looks the same in every version', () => {
  assert.deepEqual(conversationToLegacy(current(active)), legacy(active))
  assert.deepEqual(conversationFromLegacy(legacy(active)), current(active))
})

test('a group that nobody has begun is told to older peers with fillers', () => {
  const told = conversationToLegacy(current(group))
  assert.deepEqual(told.protocol, { ...group, epoch_timestamp: null, cipher_suite: 1 })
  assert.deepEqual(conversationFromLegacy(told), current(group))
})

test('a mixed conversation stays a mixed one', () => {
  const mixed = { ...group, protocol: 'mixed' }
  assert.equal(conversationToLegacy(current(mixed)).protocol.protocol, 'mixed')
  assert.deepEqual(conversationFromLegacy(conversationToLegacy(current(mixed))), current(mixed))
})
