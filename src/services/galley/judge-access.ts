/** Who may be in a conversation from now on, and who has to go (rules.md §4.3). */
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { accepted, type Circumstances, refused, UNCHANGED, type Verdict } from './change.ts'
import type { Conversation, Member } from './conversation.ts'
import type { Person } from './people.ts'
import { mayDo } from './roles.ts'
import type { Standing } from './store-changes.ts'

export interface AccessChange {
  readonly own: Member
  readonly action: Extract<ConversationAction, { tag: 'ConversationAccessDataTag' }>
}

export const judgeAccess = (
  standing: Standing,
  { own, action }: AccessChange,
  circumstances: Circumstances,
): Verdict => {
  const { conversation } = standing
  const { access, access_role: accessRoles } = action.action
  if (access.includes('private') || accessRoles.length === 0) return refused('invalid-op')
  const isTeamOnly = accessRoles.every((role) => role === 'team_member')
  if (isTeamOnly && conversation.team === null) return refused('invalid-op')
  if (conversation.team !== null && !mayDo(own.role, 'remove_conversation_member')) return refused('action-denied')
  if (isSameSet(access, conversation.access) && isSameSet(accessRoles, conversation.accessRoles)) return UNCHANGED
  const set = { access, accessRoles }
  return accepted(standing, { action, set, evict: evicted(standing, { ...conversation, ...set }, circumstances) })
}

const evicted = (
  { members }: Standing,
  conversation: Conversation,
  { domain, people }: Circumstances,
): QualifiedUserId[] =>
  members
    .map(({ user }) => user)
    .filter((user) => (user.domain === domain ? mustGo(conversation, people.get(user.id)) : isClosed(conversation)))

const mustGo = (conversation: Conversation, person: Person | undefined): boolean => {
  // He was deleted meanwhile, and is removed for that.
  if (!person) return false
  const { team, accessRoles } = conversation
  if (!person.isVerified && !accessRoles.includes('guest')) return true
  if (team === null) return false
  return person.team === team ? !accessRoles.includes('team_member') : isClosed(conversation)
}

/** To everybody outside of its team, and whoever is elsewhere is outside. */
const isClosed = ({ team, accessRoles }: Conversation): boolean =>
  team !== null && !accessRoles.includes('non_team_member')

const isSameSet = <T>(one: readonly T[], other: readonly T[]): boolean =>
  new Set(one).size === new Set(other).size && one.every((value) => other.includes(value))
