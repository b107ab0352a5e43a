/** Conversations of teams. */
import { z } from 'zod'
import { MessageSendingStatus } from '#src/contract/federation/messages.ts'
import { answer, bytesBody, empty, endpoint, failure, from, until } from '#src/kit/endpoint.ts'
import { ConversationId, QualifiedUserId, RoleName, TeamId } from '../ids.ts'
import { ConversationPermission } from '../vocabulary.ts'
import { Conversation, ConversationOld } from './conversation.ts'
import { changeFailures } from './conversation-events.ts'
import { ONE_TO_ONE_LISTED_MAX, PROTEUS_MESSAGE_BYTES_MAX, ROLES_MAX } from './galley-limits.ts'

const noTeamMember = failure(403, 'no-team-member', 'Requesting user is not a team member')

export const ConversationRoles = z.object({
  conversation_roles: z
    .array(z.object({ conversation_role: RoleName, actions: z.array(ConversationPermission) }))
    .max(ROLES_MAX),
})

export const galleyTeams = {
  'delete-team-conversation': endpoint('Delete a conversation of a team, for everybody in it.', {
    method: 'DELETE',
    path: '/teams/{team}/conversations/{conversation}',
    access: 'token',
    params: z.object({ team: TeamId, conversation: ConversationId }),
    answers: { done: empty(200), ...changeFailures },
  }),

  'get-team-conversation-roles': endpoint('The roles that members of conversations of a team can have.', {
    method: 'GET',
    path: '/teams/{team}/conversations/roles',
    access: 'token',
    params: z.object({ team: TeamId }),
    answers: { roles: answer(200, ConversationRoles), 'no-team-member': noTeamMember },
  }),

  'create-one-to-one': endpoint('A conversation with one team mate, who need not be connected.', {
    method: 'POST',
    path: '/one2one-conversations',
    aliases: [{ path: '/conversations/one2one' }],
    access: 'token',
    body: z.object({
      team: z.object({ teamid: TeamId }).nullish(),
      qualified_users: z.array(QualifiedUserId).max(ONE_TO_ONE_LISTED_MAX).nullish(),
      /** COMPAT(v1): users of this backend. */
      users: z.array(QualifiedUserId.shape.id).max(ONE_TO_ONE_LISTED_MAX).nullish(),
    }),
    answers: {
      created: answer(201, Conversation, '', from(3)),
      'created-old': answer(201, ConversationOld, '', until(3)),
      existed: answer(200, Conversation, '', from(3)),
      'existed-old': answer(200, ConversationOld, '', until(3)),
      'invalid-op': changeFailures['invalid-op'],
      'no-team-member': noTeamMember,
      'not-connected': failure(403, 'not-connected', 'Users are not connected'),
    },
  }),

  'broadcast-message': endpoint(
    'Tell all team mates and all contacts on this backend something, for example whether one can be reached; the body ' +
      'is a protobuf QualifiedNewOtrMessage.',
    {
      method: 'POST',
      path: '/broadcast/proteus/messages',
      access: 'token',
      body: bytesBody('application/x-protobuf'),
      bodyLimit: PROTEUS_MESSAGE_BYTES_MAX,
      answers: {
        sent: answer(201, MessageSendingStatus),
        mismatch: answer(412, MessageSendingStatus, 'Clients were forgotten, and nothing was sent.'),
        malformed: failure(400, 'bad-request', 'The message cannot be read'),
        'too-many-users': failure(
          400,
          'too-many-users-to-broadcast',
          'Too many users to fan out the broadcast event to',
        ),
        'unknown-client': failure(403, 'unknown-client', 'The sending client is not one of yours'),
        'no-team': failure(404, 'no-team', 'Team not found'),
      },
    },
  ),
}
