/** For tests: conversations that other backends own, with users of ours in them. */
import assert from 'node:assert/strict'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { person, type TestGalley } from './testing.ts'

export interface Elsewhere {
  readonly id: string
  readonly creator: QualifiedUserId
  readonly members: readonly QualifiedUserId[]
}

/** What the owner tells us of a new one. */
export const creation = ({ id, creator, members }: Elsewhere, more: object = {}) => ({
  time: '2026-01-01T00:00:00.5Z',
  orig_user_id: creator.id,
  cnv_id: id,
  cnv_type: 0,
  cnv_access: ['invite'],
  cnv_access_roles: ['team_member', 'non_team_member', 'service'],
  cnv_name: 'theirs',
  non_creator_members: members.map((user) => ({ qualified_id: user, conversation_role: 'wire_member' })),
  protocol: { protocol: 'proteus' },
  ...more,
})

/** Somebody elsewhere brings ours, with whom he is connected then, into a new conversation of his backend. */
export const broughtInto = async (
  galley: TestGalley,
  creator: QualifiedUserId,
  ours: readonly QualifiedUserId[],
): Promise<QualifiedConversationId> => {
  const id = ConversationId.parse(person().id)
  for (const user of ours) galley.parts.connects(creator, user)
  const told = creation({ id, creator, members: ours })
  const { status } = await galley.from(creator.domain, 'on-conversation-created', told)
  assert.equal(status, 200)
  return { domain: creator.domain, id }
}
