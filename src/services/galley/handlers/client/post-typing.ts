import type { galleyClient } from '#src/contract/client/galley.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { QualifiedConversationId } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { OWNER_TIMEOUT_MS } from '../../limits.ts'
import { tellMembers, tellOurs, typeHere, type Typing, type TypingNeeds } from '../../typing.ts'

export const postTyping =
  (needs: TypingNeeds): Handler<(typeof galleyClient)['post-typing'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id }, body: status }, { caller, requestId }) => {
    const typing = { typist: { domain: needs.domain, id: caller.user }, status, requestId }
    if (domain !== needs.domain) return typeElsewhere(needs, { domain, id }, typing)
    const updated = await typeHere(needs, id, typing)
    if (!updated) return { outcome: 'not-found' }
    tellOurs(needs, { domain, id }, { ...updated, requestId })
    return { outcome: 'told' }
  }

/** The owner tells everybody but us, and says whom of ours we have to tell. */
const typeElsewhere = async (
  needs: TypingNeeds,
  conversation: QualifiedConversationId,
  { typist, status, requestId }: Typing,
): Promise<{ readonly outcome: 'told' | 'not-found' }> => {
  const [membership] = await needs.store.remoteMemberships(typist.id, [conversation])
  if (!membership) return { outcome: 'not-found' }
  const answer = await needs.remotes.call(
    conversation.domain,
    galleyFederation['update-typing-indicator'],
    { typing_status: status, user_id: typist.id, conv_id: conversation.id },
    { requestId, timeoutMs: OWNER_TIMEOUT_MS },
  )
  if (answer.tag === 'TypingDataUpdateError') return { outcome: 'not-found' }
  const { time, users_in_conv: users } = answer.contents
  await tellMembers(needs, conversation, {
    time,
    orig_user_id: typist,
    conv_id: conversation.id,
    users_in_conv: users,
    typing_status: status,
    requestId,
  })
  return { outcome: 'told' }
}
