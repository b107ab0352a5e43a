/** What our own parts ask of galley. */
import { z } from 'zod'
import { QualifiedConversationId, QualifiedUserId, Timestamp, UserId } from '#src/contract/ids.ts'
import { answer, endpoint } from '#src/kit/endpoint.ts'

/** Who caused a change of a connection, and so whose place in the conversation moves. */
export const ConnectionActor = z.enum(['self', 'other'])
export type ConnectionActor = z.infer<typeof ConnectionActor>

/**
 * What a change of the connection between two users means for their conversation. `selfIn` and `otherIn` are the
 * places that the present statuses ask for: by rules.md §2.4 when `other` is remote; when both are local, each is in
 * while the own status is `accepted` or `sent`.
 */
export const OneToOneAlignment = z.object({
  /** A user of this backend. */
  self: UserId,
  other: QualifiedUserId,
  /** As derived from the two users (client-users.md §7.4); its domain names the owner. */
  conversation: QualifiedConversationId,
  selfIn: z.boolean(),
  otherIn: z.boolean(),
  /** `connect` while one side has only asked; it never goes back from `one2one`. */
  kind: z.enum(['connect', 'one2one']),
  /** For a remote pair only the actor's place is changed; for a local pair both are aligned. */
  actor: ConnectionActor,
  /**
   * When the connection changed, as its users are told: what they are told of the conversation is later, because stock
   * clients take what is not for old (client-notifications.md §5.5).
   */
  at: Timestamp.optional(),
})
export type OneToOneAlignment = z.infer<typeof OneToOneAlignment>

export const galleyInternal = {
  'connect-one2one': endpoint(
    'Align the one-to-one conversation of two users with their connection. Harmless when repeated. Call it before ' +
      'telling the users of the connection: clients read the conversation as soon as they hear of that.',
    {
      method: 'PUT',
      path: '/i/conversations/one2one',
      access: 'internal',
      body: OneToOneAlignment,
      answers: { aligned: answer(200, z.object({}), 'The conversation is as asked.') },
    },
  ),

  'forget-clients': endpoint('Forget what brig promised about clients: some of it is about to change.', {
    method: 'POST',
    path: '/i/clients/forget',
    access: 'internal',
    body: z.object({}),
    answers: { forgotten: answer(200, z.object({}), 'No message that is sent from now on relies on it.') },
  }),

  'remove-user': endpoint(
    'A user of ours is gone: take him out of every conversation, ours and those of others, and tell who is concerned. ' +
      'Harmless when repeated.',
    {
      method: 'POST',
      path: '/i/users/remove-from-conversations',
      access: 'internal',
      // In the body and not in the path, because the queue carries bodies only.
      body: z.object({ user: UserId }),
      answers: { removed: answer(200, z.object({}), 'Done, or queued for those who cannot be reached now.') },
    },
  ),
}
