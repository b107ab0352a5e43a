/** Members of conversations for clients (client-conversations.md §5). */
import { z } from 'zod'
import { answer, empty, endpoint, failure, from } from '#src/kit/endpoint.ts'
import { ConversationId, Domain, QualifiedUserId, RoleName, UserId } from '../ids.ts'
import { opaqueText } from '../shapes.ts'
import { TypingStatus } from '../vocabulary.ts'
import { REFERENCE_CHARACTERS_MAX, SelfMember } from './conversation.ts'
import { changeAnswers, changeFailures, ConversationPath, noConversation } from './conversation-events.ts'
import { NonFederatingBackends, protocolNotFederated, UnreachableBackends } from './federation-failures.ts'
import { LISTED_MEMBERS_MAX } from './galley-limits.ts'

/** Stock clients send `null` for what they leave out. */
const Invitation = z
  .object({
    qualified_users: z.array(QualifiedUserId).max(LISTED_MEMBERS_MAX).nullish(),
    /** COMPAT(v1): users of this backend. */
    users: z.array(UserId).max(LISTED_MEMBERS_MAX).nullish(),
    conversation_role: RoleName.nullish(),
  })
  .refine(({ qualified_users: qualified, users }) => (qualified ?? users ?? []).length > 0, 'must name somebody')

/** What can be said against bringing these people in. */
const invitationFailures = {
  'not-connected': failure(403, 'not-connected', 'Users are not connected'),
  'no-team-member': failure(403, 'no-team-member', 'Requesting user is not a team member'),
  'too-many-members': failure(403, 'too-many-members', 'Maximum number of members per conversation reached'),
  'protocol-not-federated': protocolNotFederated,
  'non-federating': answer(409, NonFederatingBackends, 'Two backends that do not federate with each other.'),
  unreachable: answer(533, UnreachableBackends, 'All backends that cannot be reached.', from(4)),
  'unreachable-old': failure(533, 'federation-connection-refused', 'A backend cannot be reached'),
}

/** What is left out stays as it is. */
const OwnSettings = z
  .object({
    otr_muted_status: z.int32().nullish(),
    otr_muted_ref: opaqueText(REFERENCE_CHARACTERS_MAX).nullish(),
    otr_archived: z.boolean().nullish(),
    otr_archived_ref: opaqueText(REFERENCE_CHARACTERS_MAX).nullish(),
    hidden: z.boolean().nullish(),
    hidden_ref: opaqueText(REFERENCE_CHARACTERS_MAX).nullish(),
  })
  .refine((given) => Object.values(given).some((value) => (value ?? null) !== null), 'must set something')

/** The path of one member; older spellings without domains mean this backend. */
const MemberPath = ConversationPath.extend({ userDomain: Domain.optional(), user: UserId })

const noMember = failure(404, 'no-conversation-member', 'Conversation member not found')

export const galleyMembers = {
  'add-members': endpoint('Add users to a group; those who are members already are left out.', {
    method: 'POST',
    path: '/conversations/{domain}/{conversation}/members',
    aliases: [{ path: '/conversations/{conversation}/members/v2' }, { path: '/conversations/{conversation}/members' }],
    access: 'token',
    params: ConversationPath,
    body: Invitation,
    answers: { ...changeAnswers, ...invitationFailures },
  }),

  'replace-members': endpoint('Make these users the members of a group, besides the caller.', {
    method: 'PUT',
    path: '/conversations/{domain}/{conversation}/members',
    access: 'token',
    params: z.object({ domain: Domain, conversation: ConversationId }),
    body: Invitation,
    answers: { done: empty(200), ...changeFailures, ...invitationFailures },
  }),

  'remove-member': endpoint('Remove a member from a group, or leave it oneself.', {
    method: 'DELETE',
    path: '/conversations/{domain}/{conversation}/members/{userDomain}/{user}',
    aliases: [{ path: '/conversations/{conversation}/members/{user}' }],
    access: 'token',
    params: MemberPath,
    answers: changeAnswers,
  }),

  'update-member': endpoint('Give another member another role.', {
    method: 'PUT',
    path: '/conversations/{domain}/{conversation}/members/{userDomain}/{user}',
    aliases: [{ path: '/conversations/{conversation}/members/{user}' }],
    access: 'token',
    params: MemberPath,
    body: z.object({ conversation_role: RoleName }),
    answers: { done: empty(200), ...changeFailures, 'member-not-found': noMember },
  }),

  'get-own-member': endpoint('The caller himself as a member, with what he set up.', {
    method: 'GET',
    path: '/conversations/{domain}/{conversation}/self',
    aliases: [{ path: '/conversations/{conversation}/self' }],
    access: 'token',
    params: ConversationPath,
    answers: { found: answer(200, SelfMember), 'not-found': noConversation },
  }),

  'update-own-member': endpoint('Mute, archive or hide a conversation for oneself; nobody else learns of it.', {
    method: 'PUT',
    path: '/conversations/{domain}/{conversation}/self',
    aliases: [{ path: '/conversations/{conversation}/self' }],
    access: 'token',
    params: ConversationPath,
    body: OwnSettings,
    answers: { done: empty(200), 'not-found': noConversation },
  }),

  'post-typing': endpoint('Tell the others that one types, or no longer does.', {
    method: 'POST',
    path: '/conversations/{domain}/{conversation}/typing',
    aliases: [{ path: '/conversations/{conversation}/typing' }],
    access: 'token',
    params: ConversationPath,
    body: TypingStatus,
    answers: { told: empty(200), 'not-found': noConversation },
  }),
}
