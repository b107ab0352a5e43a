/** Properties of conversations for clients (client-conversations.md §6). */
import { z } from 'zod'
import { endpoint, failure } from '#src/kit/endpoint.ts'
import { ConversationName } from '../ids.ts'
import { Access, AccessRole, Milliseconds, ReceiptMode } from '../vocabulary.ts'
import { LegacyAccessRole } from './conversation.ts'
import { changeAnswers, ConversationPath } from './conversation-events.ts'
import { ACCESS_VALUES_MAX } from './galley-limits.ts'

const AccessRoles = z.array(AccessRole).max(ACCESS_VALUES_MAX)

const setter = { method: 'PUT', access: 'token', params: ConversationPath } as const

export const galleyChanges = {
  'rename-conversation': endpoint('Rename a conversation.', {
    ...setter,
    path: '/conversations/{domain}/{conversation}/name',
    aliases: [{ path: '/conversations/{conversation}/name' }, { path: '/conversations/{conversation}' }],
    body: z.object({ name: ConversationName }),
    answers: changeAnswers,
  }),

  'set-message-timer': endpoint('Set after how long messages vanish, or that they do not.', {
    ...setter,
    path: '/conversations/{domain}/{conversation}/message-timer',
    aliases: [{ path: '/conversations/{conversation}/message-timer' }],
    body: z.object({ message_timer: Milliseconds.nullish() }),
    answers: changeAnswers,
  }),

  'set-receipt-mode': endpoint('Set whether reading is confirmed.', {
    ...setter,
    path: '/conversations/{domain}/{conversation}/receipt-mode',
    aliases: [{ path: '/conversations/{conversation}/receipt-mode' }],
    body: z.object({ receipt_mode: ReceiptMode }),
    answers: {
      ...changeAnswers,
      'mls-receipts-not-allowed': failure(403, 'mls-receipts-not-allowed', 'Read receipts are not for MLS'),
    },
  }),

  'set-access': endpoint('Set how people come into a group, and who may be in it.', {
    ...setter,
    path: '/conversations/{domain}/{conversation}/access',
    aliases: [{ path: '/conversations/{conversation}/access' }],
    body: z
      .object({
        access: z.array(Access).max(ACCESS_VALUES_MAX),
        access_role: z.union([AccessRoles, LegacyAccessRole]).nullish(),
        /** COMPAT(v2): wins over `access_role`. */
        access_role_v2: AccessRoles.nullish(),
      })
      .refine(
        ({ access_role: role, access_role_v2: list }) => (list ?? role ?? null) !== null,
        'must name access roles',
      ),
    answers: changeAnswers,
  }),
}
