/** Bringing people into a group, as clients ask for it and are answered. */
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { Domain, QualifiedUserId, RoleName, UserId } from '#src/contract/ids.ts'
import type { Changed } from './change-conversation.ts'
import { answerTo, type ChangeAnswer, COMMON_REFUSALS } from './client-change.ts'
import { BARE_FAILURES_VERSION } from './client-view.ts'
import { ADMIN } from './roles.ts'

export interface InvitationBody {
  readonly qualified_users?: readonly QualifiedUserId[] | null | undefined
  /** COMPAT(v1): users of this backend. */
  readonly users?: readonly UserId[] | null | undefined
  readonly conversation_role?: RoleName | null | undefined
}

type Joining = Extract<ConversationAction, { tag: 'ConversationJoinTag' }>

export const joinAction = (body: InvitationBody, domain: Domain): Joining => ({
  tag: 'ConversationJoinTag',
  action: {
    users: [...(body.qualified_users ?? []), ...(body.users ?? []).map((id) => ({ domain, id }))],
    role: body.conversation_role ?? ADMIN,
    join_type: 'internal_add',
  },
})

const REFUSALS = [
  ...COMMON_REFUSALS,
  'not-connected',
  'no-team-member',
  'too-many-members',
  'protocol-not-federated',
] as const

type InvitationAnswer =
  | ChangeAnswer<(typeof REFUSALS)[number]>
  | { readonly outcome: 'non-federating'; readonly body: { non_federating_backends: [Domain, Domain] } }
  | { readonly outcome: 'unreachable'; readonly body: { unreachable_backends: Domain[] } }
  | { readonly outcome: 'unreachable-old' }

export const answerInvitation = (changed: Changed, apiVersion: number): InvitationAnswer => {
  if (changed.outcome === 'non-federating') {
    const [one, other] = changed.backends
    return { outcome: 'non-federating', body: { non_federating_backends: [one, other] } }
  }
  if (changed.outcome !== 'unreachable') return answerTo(changed, REFUSALS)
  return apiVersion < BARE_FAILURES_VERSION
    ? { outcome: 'unreachable-old' }
    : { outcome: 'unreachable', body: { unreachable_backends: [...changed.backends] } }
}
