import type { galleyClient } from '#src/contract/client/galley.ts'
import type { QualifiedUserId, TeamId } from '#src/contract/ids.ts'
import { ConversationId } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { BROADCAST_USERS_MAX } from '../../limits.ts'
import { lookUpContacts, lookUpPeople, lookUpTeam } from '../../people.ts'
import { originOf } from '../../pushes.ts'
import { readMessage } from '../../read-message.ts'
import { sendMessage, type SendingNeeds } from '../../send-message.ts'

interface Needs extends SendingNeeds {
  readonly brig: Transport
}

/**
 * A broadcast belongs to no group: it takes its place in the sender's conversation with himself, which no other backend
 * knows. So it is for people of this backend only.
 */
export const broadcastMessage =
  (needs: Needs): Handler<(typeof galleyClient)['broadcast-message'], ClientContext> =>
  async ({ body }, { caller, requestId }) => {
    const message = readMessage(body)
    if (!message) return { outcome: 'malformed' }
    const sender = { domain: needs.domain, id: caller.user }
    const team = (await lookUpPeople(needs.brig, [sender.id], requestId)).get(sender.id)?.team
    if (team === undefined) return { outcome: 'no-team' }
    const audience = await circleOf(needs, { sender, team, requestId })
    if (audience.length > BROADCAST_USERS_MAX) return { outcome: 'too-many-users' }
    const sent = await sendMessage(needs, {
      conversation: ConversationId.parse(sender.id),
      audience,
      sender,
      message,
      origin: originOf(caller),
      requestId,
    })
    if ('status' in sent) return { outcome: sent.outcome, body: sent.status }
    // Only somebody who is gone meanwhile has no conversation with himself.
    return { outcome: sent.outcome === 'not-found' ? 'no-team' : sent.outcome }
  }

interface Circle {
  readonly sender: QualifiedUserId
  readonly team: TeamId
  readonly requestId: string
}

/** Team mates and contacts, and the sender himself for his other devices. */
const circleOf = async ({ brig, domain }: Needs, { sender, team, requestId }: Circle): Promise<QualifiedUserId[]> => {
  const [mates, contacts] = await Promise.all([
    lookUpTeam(brig, team, requestId),
    lookUpContacts(brig, sender, requestId),
  ])
  const ids = new Set([sender.id, ...mates, ...contacts.map(({ id }) => id)])
  return [...ids].map((id) => ({ domain, id }))
}
