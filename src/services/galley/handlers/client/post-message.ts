import type { galleyClient } from '#src/contract/client/galley.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { MessageNotSent } from '#src/contract/federation/messages.ts'
import type { QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { Handler, OutcomeOf } from '#src/kit/endpoint.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { originOf } from '../../pushes.ts'
import { readMessage } from '../../read-message.ts'
import { sendMessage, type SendingNeeds } from '../../send-message.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs extends SendingNeeds {
  readonly store: GalleyStore
  readonly remotes: RemoteBackends
  readonly log: Log
}

type Outcome = OutcomeOf<(typeof galleyClient)['post-message']>

export const postMessage =
  (needs: Needs): Handler<(typeof galleyClient)['post-message'], ClientContext> =>
  async ({ params: { domain, conversation: id }, body }, { caller, requestId }) => {
    hop(needs.log, 'galley', requestId)
    const message = readMessage(body)
    if (!message) return { outcome: 'malformed' }
    if (domain !== needs.domain) {
      return forward(needs, { conversation: { domain, id }, sender: caller.user, raw: body, requestId })
    }
    const sent = await sendMessage(needs, {
      conversation: id,
      sender: { domain, id: caller.user },
      message,
      origin: originOf(caller),
      requestId,
    })
    return 'status' in sent ? { outcome: sent.outcome, body: sent.status } : { outcome: sent.outcome }
  }

interface Forwarding {
  readonly conversation: QualifiedConversationId
  readonly sender: UserId
  readonly raw: Uint8Array
  readonly requestId: string
}

/** The owner decides, on the very bytes that the client sent. When it is away the client hears of that. */
const forward = async (
  { store, remotes }: Needs,
  { conversation, sender, raw, requestId }: Forwarding,
): Promise<Outcome> => {
  // Whom we know to be no member need not trouble the owner.
  const [membership] = await store.remoteMemberships(sender, [conversation])
  if (!membership) return { outcome: 'not-found' }
  const answer = await remotes.call(
    conversation.domain,
    galleyFederation['send-message'],
    { conv_id: conversation.id, sender, raw_message: Buffer.from(raw).toString('base64') },
    { requestId },
  )
  return 'Right' in answer ? { outcome: 'sent', body: answer.Right } : refusal(answer.Left)
}

const refusal = (reason: MessageNotSent): Outcome => {
  switch (reason.tag) {
    case 'MessageNotSentClientMissing':
      return { outcome: 'mismatch', body: reason.contents }
    case 'MessageNotSentConversationNotFound':
      return { outcome: 'not-found' }
    case 'MessageNotSentUnknownClient':
      return { outcome: 'unknown-client' }
    case 'MessageNotSentLegalhold':
      return { outcome: 'legalhold-consent-missing' }
    case 'MessageNotSentLegalholdOldClients':
      return { outcome: 'legalhold-clients-too-old' }
    default:
      return reason satisfies never
  }
}
