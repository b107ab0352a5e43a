import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Conversation as ClientConversation, ConversationOld } from '#src/contract/client/conversation.ts'
import { ConversationId, Domain, UserId } from '#src/contract/ids.ts'
import { clientView, oldForm } from './client-view.ts'
import { asSeenBy, type Conversation, isSelfConversationOf, NO_SETTINGS, selfConversation } from './conversation.ts'

const domain = Domain.parse('a.example')
const alice = { domain, id: UserId.parse('11111111-1111-4111-8111-111111111111') }
const bob = { domain: Domain.parse('b.example'), id: UserId.parse('22222222-2222-4222-8222-222222222222') }

const group: Conversation = {
  id: ConversationId.parse('c0ffee00-0000-4000-8000-000000000000'),
  type: 0,
  creator: alice.id,
  name: 'Ada',
  access: ['invite'],
  accessRoles: ['team_member', 'non_team_member', 'service'],
  protocol: 'proteus',
  messageTimer: null,
  receiptMode: 1,
  team: null,
}
const members = [
  { user: alice, role: 'wire_admin' },
  { user: bob, role: 'wire_member' },
]

test('a member sees himself with his settings and everybody else with their roles', () => {
  const viewer = { user: bob, settings: { ...NO_SETTINGS, otrMutedStatus: 3, hidden: true } }
  const view = clientView(domain, asSeenBy(group, members, { user: bob, role: 'wire_member' }), viewer)
  assert.deepEqual(ClientConversation.parse(view), view)
  assert.deepEqual(view.qualified_id, { domain, id: group.id })
  assert.equal(view.name, 'Ada')
  assert.equal(view.creator, alice.id)
  assert.equal(view.receipt_mode, 1)
  assert.deepEqual(view.members.others, [
    { qualified_id: alice, id: alice.id, conversation_role: 'wire_admin', status: 0 },
  ])
  assert.deepEqual(view.members.self, {
    qualified_id: bob,
    id: bob.id,
    conversation_role: 'wire_member',
    service: null,
    status: 0,
    status_ref: '0.0',
    status_time: '1970-01-01T00:00:00.000Z',
    otr_muted_status: 3,
    otr_muted_ref: null,
    otr_archived: false,
    otr_archived_ref: null,
    hidden: true,
    hidden_ref: null,
  })
})

test('the old form names the access role and keeps the list beside it', () => {
  const view = clientView(domain, asSeenBy(group, members, { user: alice, role: 'wire_admin' }), {
    user: alice,
    settings: NO_SETTINGS,
  })
  const old = oldForm(view)
  assert.deepEqual(ConversationOld.parse(old), old)
  assert.equal(old.access_role, 'activated')
  assert.deepEqual(old.access_role_v2, view.access_role)
})

test('everybody has a conversation with himself under his own id', () => {
  const self = selfConversation(alice.id)
  assert.equal(self.id, alice.id)
  assert.equal(self.type, 1)
  assert.equal(isSelfConversationOf(alice.id, self.id), true)
  assert.equal(isSelfConversationOf(bob.id, self.id), false)
})
