import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RemoteMessage } from '#src/contract/federation/messages.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { heardKey, pushIdsOf } from '../../heard-key.ts'
import { messagePushes } from '../../pushes.ts'
import type { Presence } from '../../presence.ts'

interface Needs {
  readonly presence: Presence
  readonly gundeck: Transport
  readonly log: Log
}

/**
 * The answer comes when gundeck has stored everything, and until then the sender keeps the message: so it needs no
 * place in our own queue. The sender repeats it when our answer is lost; the pushes then have the same ids, and gundeck
 * stores nothing twice.
 */
export const onMessageSent =
  ({ presence, gundeck, log }: Needs): RpcHandler<(typeof galleyFederation)['on-message-sent'], FederationContext> =>
  async (message, context) => {
    const { origin, requestId } = context
    hop(log, 'galley-remote', requestId)
    // The conversation is one of the asking backend: nobody can speak into the conversations of others.
    const conversation = { domain: origin, id: message.conversation }
    const addressed = userIdsOf(message)
    const present = await presence.among(conversation, addressed)
    if (present.length < addressed.length) {
      log.warn(
        { requestId, origin, conversation: conversation.id },
        'a message names users who are not in its conversation',
      )
    }
    if (present.length === 0) return

    const pushes = messagePushes(
      { conversation, from: message.sender, time: new Date(message.time).getTime() },
      {
        sender: message.sender_client,
        data: message.data ?? '',
        recipients: present.flatMap((user) => textsFor(message, user)),
        nativePush: message.push,
        priority: message.priority ?? undefined,
        transient: message.transient,
      },
      { ids: pushIdsOf(heardKey('on-message-sent', message, context)), origin: null },
    )
    await call(gundeck, gundeckInternal.push, { body: { pushes } }, { headers: { 'request-id': requestId } })
  }

// Keys of a record lose their brand; the contract has parsed them.
const userIdsOf = ({ recipients }: RemoteMessage): UserId[] => Object.keys(recipients) as UserId[]

const textsFor = ({ recipients }: RemoteMessage, user: UserId): { user: UserId; client: ClientId; text: string }[] =>
  Object.entries(recipients[user] ?? {}).map(([client, text]) => ({ user, client: client as ClientId, text }))
