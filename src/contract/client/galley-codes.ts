/** Ways into a group for whoever has its link (client-conversations.md §7). */
import { z } from 'zod'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import { ConversationId } from '../ids.ts'
import { FeatureStatus } from '../teams.ts'
import { AnnouncedName } from '../federation/conversations.ts'
import { accessDenied, changeAnswers, ConversationEvent, noConversation } from './conversation-events.ts'
import { CODE_CHARACTERS_MAX, CODE_PASSWORD_CHARACTERS_MAX, CODE_PASSWORD_CHARACTERS_MIN } from './galley-limits.ts'

const URI_CHARACTERS_MAX = 4_096
const HOST_CHARACTERS_MAX = 253

/** URL-safe Base64. */
const CodePart = z.string().regex(new RegExp(`^[A-Za-z0-9_-]{1,${CODE_CHARACTERS_MAX}}$`))

const Password = z.string().min(CODE_PASSWORD_CHARACTERS_MIN).max(CODE_PASSWORD_CHARACTERS_MAX)

const GuestCode = z.object({
  key: CodePart,
  code: CodePart,
  uri: z.string().max(URI_CHARACTERS_MAX).describe('The link to be handed on.'),
  has_password: z.boolean(),
})

const noCode = failure(404, 'no-conversation-code', 'Conversation code not found')
const linksDisabled = failure(
  409,
  'guest-links-disabled',
  'The guest link feature is disabled and all guest links have been revoked',
)
const wrongPassword = failure(403, 'invalid-conversation-password', 'Invalid conversation password')

const ofConversation = {
  access: 'token',
  path: '/conversations/{conversation}/code',
  params: z.object({ conversation: ConversationId }),
  headers: z.object({
    /** By which of our hosts the app came; links differ where an operator says so. */
    'z-host': z.string().max(HOST_CHARACTERS_MAX).optional(),
  }),
} as const

const codeFailures = { 'access-denied': accessDenied, 'not-found': noConversation, 'links-disabled': linksDisabled }

export const galleyCodes = {
  'create-code': endpoint('Make the link by which people join a group, or get the one there is.', {
    ...ofConversation,
    method: 'POST',
    body: z.object({ password: Password.nullish() }).prefault({}),
    answers: {
      created: answer(201, ConversationEvent, 'The event that members of this backend are told.'),
      existed: answer(200, GuestCode),
      ...codeFailures,
      conflict: failure(409, 'create-conv-code-conflict', 'There is a code already, and a password is involved'),
    },
  }),

  'get-code': endpoint('The link by which people join a group.', {
    ...ofConversation,
    method: 'GET',
    answers: { found: answer(200, GuestCode), ...codeFailures, 'no-code': noCode },
  }),

  'delete-code': endpoint('Make the link to a group worthless.', {
    ...ofConversation,
    method: 'DELETE',
    answers: { deleted: answer(200, ConversationEvent), ...codeFailures, 'no-code': noCode },
  }),

  'check-code': endpoint('Whether a link is good for anything; no account is needed to ask.', {
    method: 'POST',
    path: '/conversations/code-check',
    access: 'public',
    body: z.object({ key: CodePart, code: CodePart, password: Password.nullish() }),
    answers: { good: empty(200), 'no-code': noCode, 'wrong-password': wrongPassword },
  }),

  'see-cover': endpoint('What a group is called, before joining it by its link.', {
    method: 'GET',
    path: '/conversations/join',
    access: 'token',
    query: z.object({ key: CodePart, code: CodePart }),
    answers: {
      cover: answer(200, z.object({ id: ConversationId, name: AnnouncedName.nullable(), has_password: z.boolean() })),
      'access-denied': accessDenied,
      'no-code': noCode,
      'links-disabled': linksDisabled,
    },
  }),

  'join-by-code': endpoint('Join a group by its link.', {
    method: 'POST',
    path: '/conversations/join',
    access: 'token',
    body: z.object({ key: CodePart, code: CodePart, password: Password.nullish() }),
    answers: {
      ...changeAnswers,
      'no-team-member': failure(403, 'no-team-member', 'Requesting user is not a team member'),
      'too-many-members': failure(403, 'too-many-members', 'Maximum number of members per conversation reached'),
      'no-code': noCode,
      'wrong-password': wrongPassword,
      'links-disabled': linksDisabled,
    },
  }),

  'join-by-id': endpoint('Join a group that is open to whoever knows it.', {
    method: 'POST',
    path: '/conversations/{conversation}/join',
    access: 'token',
    params: z.object({ conversation: ConversationId }),
    answers: {
      ...changeAnswers,
      'no-team-member': failure(403, 'no-team-member', 'Requesting user is not a team member'),
      'too-many-members': failure(403, 'too-many-members', 'Maximum number of members per conversation reached'),
    },
  }),

  'get-guest-links-feature': endpoint('Whether a group may have a link at all.', {
    method: 'GET',
    path: '/conversations/{conversation}/features/conversationGuestLinks',
    access: 'token',
    params: z.object({ conversation: ConversationId }),
    answers: {
      found: answer(
        200,
        z.object({ status: FeatureStatus, lockStatus: z.literal('unlocked'), ttl: z.literal('unlimited') }),
      ),
      'access-denied': accessDenied,
      'not-found': noConversation,
    },
  }),
}
