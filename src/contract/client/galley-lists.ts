/**
 * COMPAT(v2): lists of conversations of this backend, as apps of before federation ask for them. Later ones use
 * `POST /conversations/list-ids` and `/list`.
 */
import { z } from 'zod'
import { answer, endpoint } from '#src/kit/endpoint.ts'
import { ConversationId } from '../ids.ts'
import { commaSeparated } from '../shapes.ts'
import { ConversationOld } from './conversation.ts'
import {
  CONVERSATION_IDS_PAGE_MAX,
  OLD_CONVERSATIONS_PAGE_DEFAULT,
  OLD_CONVERSATIONS_PAGE_MAX,
  OLD_CONVERSATIONS_NAMED_MAX,
} from './galley-limits.ts'

const Start = ConversationId.optional().describe('The last of the page before.')

export const galleyLists = {
  'list-own-conversations': endpoint('Conversations of the caller on this backend, all or those that are named.', {
    method: 'GET',
    path: '/conversations',
    access: 'token',
    query: z
      .object({
        ids: commaSeparated(OLD_CONVERSATIONS_NAMED_MAX)
          .pipe(z.array(ConversationId).max(OLD_CONVERSATIONS_NAMED_MAX))
          .optional(),
        start: Start,
        size: z.coerce.number().int().min(1).max(OLD_CONVERSATIONS_PAGE_MAX).default(OLD_CONVERSATIONS_PAGE_DEFAULT),
      })
      .refine(({ ids, start }) => ids === undefined || start === undefined, 'give either ids or start'),
    answers: { page: answer(200, z.object({ conversations: z.array(ConversationOld), has_more: z.boolean() })) },
  }),

  'list-own-conversation-ids': endpoint('Ids of conversations of the caller on this backend.', {
    method: 'GET',
    path: '/conversations/ids',
    access: 'token',
    query: z.object({
      start: Start,
      size: z.coerce.number().int().min(1).max(CONVERSATION_IDS_PAGE_MAX).default(CONVERSATION_IDS_PAGE_MAX),
    }),
    answers: { page: answer(200, z.object({ conversations: z.array(ConversationId), has_more: z.boolean() })) },
  }),
}
