/**
 * Accepting a Proteus message into a conversation of this backend, whoever sent it (rules.md §10).
 *
 * What has to be asked of others is asked first, and then one transaction compares nothing but the revision of the
 * members, gives the message its time and queues all that follows from it: one row per remote backend and the pushes
 * to our own users. If the members changed in between, the message is compared anew. The alternative, to hold the
 * conversation while other backends answer, would let any slow peer stop a conversation.
 */
import type { MessageSendingStatus, RemoteMessage } from '#src/contract/federation/messages.ts'
import type { ClientId, ConversationId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Push } from '#src/contract/internal/gundeck.ts'
import type { ProteusMessage } from '#src/rpc/proteus.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Random } from '#src/kit/random.ts'
import type { Letter } from '#src/queue/outbox.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { type ClientSets, toWire } from './client-sets.ts'
import { clientsOf } from './clients-of.ts'
import { isSelfConversationOf, selfConversation, selfMember } from './conversation.ts'
import { type EventTime, type EventTimes, timestampOf } from './event-times.ts'
import { messageSent, pushed } from './letters.ts'
import { SENDING_ATTEMPTS_MAX } from './limits.ts'
import { compare, type Mismatch } from './mismatch.ts'
import { messagePushes, type PushOrigin } from './pushes.ts'
import type { GalleyStore } from './store.ts'
import type { Addressees } from './store-conversations.ts'

export interface SendingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly times: EventTimes
  readonly random: Random
}

export interface Sending {
  readonly conversation: ConversationId
  readonly sender: QualifiedUserId
  readonly message: ProteusMessage
  /** The connection that need not hear of it; only of a sender of ours. */
  readonly origin: PushOrigin | null
  readonly requestId: string
}

export type Sent =
  | { readonly outcome: 'sent' | 'mismatch'; readonly status: MessageSendingStatus }
  | { readonly outcome: 'unknown-client' | 'not-found' }

export const sendMessage = async (needs: SendingNeeds, sending: Sending): Promise<Sent> => {
  for (let attempt = 0; attempt < SENDING_ATTEMPTS_MAX; attempt += 1) {
    const sent = await attemptToSend(needs, sending)
    if (sent.outcome !== 'members-changed') return sent
  }
  throw new Refusal(503, 'try-again', { detail: 'the members of the conversation keep changing' })
}

const attemptToSend = async (
  needs: SendingNeeds,
  sending: Sending,
): Promise<Sent | { readonly outcome: 'members-changed' }> => {
  const { conversation, sender, message, requestId } = sending
  const addressees = await findAddressees(needs, sending)
  // Strangers learn nothing: "not yours" and "does not exist" look the same from outside.
  if (!addressees || !isProteusMember(addressees, sender)) return { outcome: 'not-found' }

  const { clients, silent } = await clientsOf(needs, addressees.members, requestId)
  const comparison = compare({
    members: addressees.members,
    clients,
    silent: new Set(silent.keys()),
    sender,
    senderClient: message.sender,
    recipients: message.recipients,
    strategy: message.strategy,
  })
  // Refused for now rather than for good: "unknown client" makes stock clients throw their keys away.
  if (comparison.outcome === 'unconfirmed-sender') throw silent.get(sender.domain)
  if (comparison.outcome === 'unknown-client') return { outcome: 'unknown-client' }

  const { mismatch } = comparison
  if (mismatch.missing.size > 0) {
    return { outcome: 'mismatch', status: refusedStatus(mismatch, needs.times.next()) }
  }
  const at = await needs.store.transaction(async (tx) => {
    const time = await tx.takeTime(conversation, { now: needs.times.next(), revision: addressees.revision })
    if (time !== undefined) await tx.enqueue(delivery(needs, { sending, valid: mismatch.valid, time }))
    return time
  })
  return at === undefined ? { outcome: 'members-changed' } : { outcome: 'sent', status: sentStatus(mismatch, at) }
}

const isProteusMember = ({ protocol, members }: Addressees, { domain, id }: QualifiedUserId): boolean =>
  protocol !== 'mls' && members.some((member) => member.id === id && member.domain === domain)

/** The conversation with oneself is stored when the first message needs a place in time. */
const findAddressees = async (
  { store, times, domain }: SendingNeeds,
  { conversation, sender }: Sending,
): Promise<Addressees | undefined> => {
  const found = await store.addressees(conversation)
  if (found || sender.domain !== domain || !isSelfConversationOf(sender.id, conversation)) return found
  await store.create({
    conversation: selfConversation(sender.id),
    members: [selfMember(sender)],
    at: times.next(),
    unconfirmedSince: null,
  })
  return store.addressees(conversation)
}

interface Accepted {
  readonly sending: Sending
  readonly valid: ClientSets
  readonly time: EventTime
}

/** One letter for each other backend with recipients, and one for all recipients of ours. */
const delivery = (needs: SendingNeeds, accepted: Accepted): Letter[] => {
  const { sending, valid } = accepted
  const others = [...valid.keys()].filter((domain) => domain !== needs.domain)
  return [
    ...others.map((domain) => messageSent(domain, remoteMessage(accepted, domain), sending.requestId)),
    ...pushed(ownPushes(needs, accepted), sending.requestId),
  ]
}

const ownPushes = ({ domain, random }: SendingNeeds, { sending, valid, time }: Accepted): Push[] => {
  const { conversation, sender, message, origin } = sending
  const recipients = [...(valid.get(domain) ?? [])].flatMap(([user, clients]) =>
    [...clients].map((client) => ({ user, client, text: textFor(message, { domain, user, client }) })),
  )
  return messagePushes(
    { conversation: { domain, id: conversation }, from: sender, time },
    { ...message, data: base64(message.blob), recipients },
    { ids: random.uuid, origin },
  )
}

const remoteMessage = ({ sending, valid, time }: Accepted, to: Domain): RemoteMessage => {
  const { conversation, sender, message } = sending
  const recipients = [...(valid.get(to) ?? [])].map(([user, clients]) => [
    user,
    Object.fromEntries([...clients].map((client) => [client, textFor(message, { domain: to, user, client })])),
  ])
  return {
    time: timestampOf(time),
    data: base64(message.blob),
    sender,
    sender_client: message.sender,
    conversation,
    priority: message.priority ?? null,
    push: message.nativePush,
    transient: message.transient,
    recipients: Object.fromEntries(recipients),
  }
}

interface RecipientClient {
  readonly domain: Domain
  readonly user: UserId
  readonly client: ClientId
}

const textFor = ({ recipients }: ProteusMessage, { domain, user, client }: RecipientClient): string =>
  base64(recipients.get(domain)?.get(user)?.get(client))

const base64 = (bytes: Uint8Array = new Uint8Array()): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

const refusedStatus = ({ missing, redundant, deleted }: Mismatch, time: EventTime): MessageSendingStatus => ({
  time: timestampOf(time),
  missing: toWire(missing),
  redundant: toWire(redundant),
  deleted: toWire(deleted),
  failed_to_send: {},
  failed_to_confirm_clients: {},
})

const sentStatus = (mismatch: Mismatch, time: EventTime): MessageSendingStatus => ({
  ...refusedStatus(mismatch, time),
  failed_to_send: toWire(mismatch.failedToSend),
  failed_to_confirm_clients: toWire(mismatch.failedToConfirm),
})
