/** Conversation events as the answers of changes: the very event that others are told (client-notifications.md §5.1). */
import { z } from 'zod'
import { answer, empty, failure } from '#src/kit/endpoint.ts'
import { ConversationId, Domain, QualifiedConversationId, QualifiedUserId, TeamId, Timestamp, UserId } from '../ids.ts'

const EVENT_TYPE_CHARACTERS_MAX = 200

export const ConversationEvent = z.object({
  type: z.string().max(EVENT_TYPE_CHARACTERS_MAX),
  conversation: ConversationId,
  qualified_conversation: QualifiedConversationId,
  from: UserId,
  qualified_from: QualifiedUserId,
  time: Timestamp,
  team: TeamId.optional(),
  data: z.unknown().describe('What the type says it is; never absent.'),
})
export type ConversationEvent = z.infer<typeof ConversationEvent>

export const noConversation = failure(404, 'no-conversation', 'Conversation not found')
export const accessDenied = failure(403, 'access-denied', 'Conversation access denied')

/** What may be said against a change, whatever is changed. */
export const changeFailures = {
  'action-denied': failure(403, 'action-denied', 'Your role in this conversation does not permit it'),
  'access-denied': accessDenied,
  'invalid-op': failure(403, 'invalid-op', 'Invalid operation'),
  'not-found': noConversation,
  'not-implemented': failure(
    422,
    'federation-not-implemented',
    'Only members on the backend that owns the conversation can do this',
  ),
}

/** What most changes come to. */
export const changeAnswers = {
  event: answer(200, ConversationEvent, 'The event that everybody concerned is told.'),
  unchanged: empty(204, 'It is so already.'),
  ...changeFailures,
}

/** The path of one conversation; older spellings without a domain mean one of this backend. */
export const ConversationPath = z.object({ domain: Domain.optional(), conversation: ConversationId })
