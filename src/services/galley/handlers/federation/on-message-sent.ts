import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RemoteMessage } from '#src/contract/federation/messages.ts'
import { type ClientId, RequestId, type UserId } from '#src/contract/ids.ts'
import { gundeckInternal, type Push, PUSHES_MAX } from '#src/contract/internal/gundeck.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { handOver } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import type { TakeTogether, Together } from '#src/rpc/notification-batch.ts'
import { heardKey, pushIdsOf } from '../../heard-key.ts'
import type { Presence } from '../../presence.ts'
import { ENVELOPE_CHARACTERS, PUSHED_CHARACTERS_MAX } from '../../limits.ts'
import { messagePushes } from '../../pushes.ts'

interface Needs {
  readonly presence: Presence
  readonly gundeck: Transport
  readonly log: Log
}

export const onMessageSent = (
  needs: Needs,
): RpcHandler<(typeof galleyFederation)['on-message-sent'], FederationContext> => {
  const take = onMessagesSent(needs)
  return (message, context) => take([{ input: message, context }])
}

/**
 * The answer comes when gundeck has stored everything, and until then the sender keeps the messages: so they need no
 * place in our own queue. The sender repeats them when our answer is lost; the pushes then have the same ids, and gundeck
 * stores nothing twice.
 *
 * Many in one call to gundeck, in their order. That they are asked about at the same time makes one question of it.
 */
export const onMessagesSent =
  (needs: Needs): TakeTogether<RemoteMessage> =>
  async (messages) => {
    const found = await Promise.all(messages.map((message) => pushesOf(needs, message)))
    const headers = { 'request-id': messages[0]?.context.requestId ?? 'N/A' }
    for (const pushes of portions(found)) await handOver(needs.gundeck, gundeckInternal.push, { pushes }, { headers })
  }

interface Pushes {
  readonly pushes: readonly Push[]
  /** As gundeck will write them, about. */
  readonly characters: number
}

/**
 * What gundeck takes at once. Nobody weighs what is handed over on its way, and a message whose data every device gets can
 * become many times what came.
 */
const portions = (found: readonly Pushes[]): Push[][] => {
  const all: Push[][] = []
  let last: Push[] = []
  let weight = 0
  for (const { pushes, characters } of found) {
    // For good, so that nobody tries it again for ever.
    if (characters > PUSHED_CHARACTERS_MAX)
      throw new Refusal(400, 'bad-request', { detail: `the message makes ${characters} characters to be stored` })
    if (pushes.length === 0) continue
    const isFull = last.length + pushes.length > PUSHES_MAX || weight + characters > PUSHED_CHARACTERS_MAX
    if (isFull || all.length === 0) {
      last = []
      weight = 0
      all.push(last)
    }
    last.push(...pushes)
    weight += characters
  }
  return all
}

const pushesOf = async (
  { presence, log }: Needs,
  { input: message, context }: Together<RemoteMessage>,
): Promise<Pushes> => {
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
  if (present.length === 0) return { pushes: [], characters: 0 }
  const { data } = message
  const recipients = present.flatMap((user) => textsFor(message, user))
  const pushes = messagePushes(
    { conversation, from: message.sender, time: message.time },
    {
      sender: message.sender_client,
      data: data ?? '',
      recipients,
      nativePush: message.push,
      priority: message.priority ?? undefined,
      transient: message.transient,
    },
    { ids: pushIdsOf(heardKey('on-message-sent', message, context)), origin: null },
  )
  const id = RequestId.parse(requestId)
  const each = ENVELOPE_CHARACTERS + (data?.length ?? 0)
  const characters = recipients.reduce((sum, { text }) => sum + each + text.length, 0)
  return { pushes: pushes.map((push) => ({ ...push, requestId: id })), characters }
}

// Keys of a record lose their brand; the contract has parsed them.
const userIdsOf = ({ recipients }: RemoteMessage): UserId[] => Object.keys(recipients) as UserId[]

const textsFor = ({ recipients }: RemoteMessage, user: UserId): { user: UserId; client: ClientId; text: string }[] =>
  Object.entries(recipients[user] ?? {}).map(([client, text]) => ({ user, client: client as ClientId, text }))
