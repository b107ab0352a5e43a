/**
 * Accepting a Proteus message into a conversation of this backend, whoever sent it (rules.md §10).
 *
 * What has to be asked of others is asked first, and then one statement compares nothing but the revision of the
 * members and the promises about their clients, gives the message its time and queues all that follows from it: one row
 * per remote backend and the pushes to our own users. Messages that come together share that statement. If any of it
 * changed in between, the message is compared anew. The alternative, to hold the conversation while other backends
 * answer, would let any slow peer stop a conversation.
 */
import type { MessageSendingStatus } from '#src/contract/federation/messages.ts'
import type { ClientId, ConversationId, Domain, QualifiedUserId, TeamId, UserId } from '#src/contract/ids.ts'
import type { Push } from '#src/contract/internal/gundeck.ts'
import type { ProteusMessage } from '#src/rpc/proteus.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { GroupCommit } from '#src/kit/group-commit.ts'
import type { Random } from '#src/kit/random.ts'
import type { Letter } from '#src/queue/outbox.ts'
import type { UntimedMessage } from './accept-together.ts'
import type { AddressBook } from './addressees.ts'
import type { ClientDirectory } from './client-directory.ts'
import { type ClientSets, toWire } from './client-sets.ts'
import { isSelfConversationOf, selfConversation, selfMember } from './conversation.ts'
import { type EventTime, type EventTimes, LATER, timestampOf } from './event-times.ts'
import { type MessageToSend, messageSent, pushed, type RecipientTexts } from './letters.ts'
import { SENDING_ATTEMPTS_MAX } from './limits.ts'
import { weigh } from './message-weight.ts'
import { compare, type Mismatch } from './mismatch.ts'
import { messagePushes, type PushOrigin } from './pushes.ts'
import type { GalleyStore } from './store.ts'
import type { Addressees } from './store-conversations.ts'

export interface SendingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly directory: ClientDirectory
  readonly addressBook: AddressBook
  readonly accepting: GroupCommit<UntimedMessage, EventTime | undefined>
  readonly times: EventTimes
  readonly random: Random
}

export interface Sending {
  readonly conversation: ConversationId
  readonly sender: QualifiedUserId
  readonly message: ProteusMessage
  /** Whom it is for, when these are not the members of the conversation, which then only gives it its place in time. */
  readonly audience?: readonly QualifiedUserId[]
  /** The connection that need not hear of it; only of a sender of ours. */
  readonly origin: PushOrigin | null
  readonly requestId: string
}

export type Sent =
  | { readonly outcome: 'sent' | 'mismatch'; readonly status: MessageSendingStatus }
  | { readonly outcome: 'unknown-client' | 'not-found' }

export const sendMessage = async (needs: SendingNeeds, sending: Sending): Promise<Sent> => {
  for (let attempt = 0; attempt <= SENDING_ATTEMPTS_MAX; attempt += 1) {
    const sent = await attemptToSend(needs, sending, { mayRemember: attempt === 0 })
    if (sent.outcome !== 'uncertain') return sent
  }
  throw new Refusal(503, 'try-again', { detail: 'the members of the conversation keep changing' })
}

/**
 * Who the members are, and which clients they have, may be remembered; then the statement that accepts the message finds
 * out whether it is so still, and whatever else than "sent" would come of it is uncertain.
 */
const attemptToSend = async (
  needs: SendingNeeds,
  sending: Sending,
  { mayRemember }: { readonly mayRemember: boolean },
): Promise<Sent | { readonly outcome: 'uncertain' }> => {
  const { conversation, sender, message, requestId } = sending
  const remembered = mayRemember ? needs.addressBook.remembered(conversation) : undefined
  const addressees = remembered ?? (await findAddressees(needs, sending))
  // Strangers learn nothing: "not yours" and "does not exist" look the same from outside.
  if (!addressees || !isProteusMember(addressees, sender)) return { outcome: remembered ? 'uncertain' : 'not-found' }

  const { audience: members = addressees.members } = sending
  const { clients, silent, promises } = await needs.directory.clientsOf(members, { requestId, mayRemember })
  const comparison = compare({
    members,
    clients,
    silent,
    sender,
    senderClient: message.sender,
    recipients: message.recipients,
    strategy: message.strategy,
  })
  // Refused for now rather than for good: "unknown client" makes stock clients throw their keys away.
  if (comparison.outcome === 'unconfirmed-sender') throw silent.get(sender.domain)
  const isRemembered = remembered !== undefined || promises.length > 0
  if (comparison.outcome === 'unknown-client') return { outcome: isRemembered ? 'uncertain' : 'unknown-client' }

  const { mismatch } = comparison
  if (isRemembered && mismatch.missing.size > 0) return { outcome: 'uncertain' }
  // Told of it, the sender forgets his session with that client.
  if (promises.length > 0 && mismatch.deleted.size > 0) return { outcome: 'uncertain' }
  if (mismatch.missing.size > 0) return { outcome: 'mismatch', status: refusedStatus(mismatch, needs.times.next()) }
  weigh(message, mismatch.valid)
  const letters = delivery(needs, { ...sending, team: addressees.team }, mismatch.valid)
  const [at] = await needs.accepting.write([{ conversation, revision: addressees.revision, promises, letters }])
  return at === undefined ? { outcome: 'uncertain' } : { outcome: 'sent', status: sentStatus(mismatch, at) }
}

const isProteusMember = ({ protocol, members }: Addressees, { domain, id }: QualifiedUserId): boolean =>
  protocol !== 'mls' && members.some((member) => member.id === id && member.domain === domain)

/** The conversation with oneself is stored when the first message needs a place in time. */
const findAddressees = async (
  { store, times, domain, addressBook }: SendingNeeds,
  { conversation, sender }: Sending,
): Promise<Addressees | undefined> => {
  const found = await addressBook.lookUp(conversation)
  if (found || sender.domain !== domain || !isSelfConversationOf(sender.id, conversation)) return found
  await store.create({
    conversation: selfConversation(sender.id),
    members: [selfMember(sender)],
    at: times.next(),
    unconfirmedSince: null,
  })
  return addressBook.lookUp(conversation)
}

interface Placed extends Sending {
  /** Of the conversation. */
  readonly team: TeamId | null
}

/** One letter for each other backend with recipients, and one for all recipients of ours; all of them without time. */
const delivery = (needs: SendingNeeds, sending: Placed, valid: ClientSets): Letter[] => {
  const letters: Letter[] = []
  for (const [domain, users] of valid) {
    if (domain === needs.domain) continue
    const message = { message: remoteMessage(sending), recipients: textsFor(sending.message, domain, users) }
    letters.push(messageSent(domain, message, sending.requestId))
  }
  const ours = valid.get(needs.domain)
  if (ours) letters.push(...pushed(ownPushes(needs, sending, ours), sending.requestId))
  return letters
}

type Users = ReadonlyMap<UserId, ReadonlySet<ClientId>>

const ownPushes = ({ domain, random }: SendingNeeds, sending: Placed, users: Users): Push[] => {
  const { conversation, sender, message, origin, team } = sending
  const recipients = textsFor(message, domain, users).flatMap(([user, texts]) =>
    texts.map(([client, text]) => ({ user, client, text })),
  )
  return messagePushes(
    { conversation: { domain, id: conversation }, from: sender, time: LATER, team },
    { ...message, data: base64(message.blob), recipients },
    { ids: random.uuid, origin },
  )
}

const remoteMessage = ({ conversation, sender, message }: Sending): MessageToSend['message'] => ({
  time: LATER,
  data: base64(message.blob),
  sender,
  sender_client: message.sender,
  conversation,
  priority: message.priority ?? null,
  push: message.nativePush,
  transient: message.transient,
})

const textsFor = ({ recipients }: ProteusMessage, domain: Domain, users: Users): RecipientTexts => {
  const ofDomain = recipients.get(domain)
  const all: [UserId, [ClientId, string][]][] = []
  for (const [user, clients] of users) {
    const ofUser = ofDomain?.get(user)
    const texts: [ClientId, string][] = []
    for (const client of clients) texts.push([client, base64(ofUser?.get(client))])
    all.push([user, texts])
  }
  return all
}

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
