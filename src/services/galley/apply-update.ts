/**
 * Taking note of a change that the owner of a conversation announces (federation-api.md §7.9).
 *
 * What is stored about our users' membership and the events for them are written in one transaction, and a repetition
 * of the announcement, which is identical to it, changes and tells nothing. Nobody is told who was not on record as a
 * member: otherwise any backend could write to any user of ours.
 */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationAction, ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type { Domain, QualifiedConversationId, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { connectedWith } from './connected-with.ts'
import { isSameUser } from './conversation.ts'
import { type Happening, updateEvent } from './events.ts'
import { heardKey, pushIdsOf } from './heard-key.ts'
import { pushed } from './letters.ts'
import type { LocalLane } from './local-lane.ts'
import { eventPushes, type PushContext, type PushOrigin } from './pushes.ts'
import type { GalleyStore, GalleyTransaction } from './store.ts'

export interface UpdateNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly brig: Transport
  readonly clock: Clock
  readonly lane: LocalLane
  readonly log: Log
}

export const applyUpdate = async (
  needs: UpdateNeeds,
  update: ConversationUpdate,
  context: FederationContext,
): Promise<void> => {
  const { store, clock, lane } = needs
  const conversation = { domain: context.origin, id: update.convId }
  const joiners = await admittedJoiners(needs, update, context.requestId)
  const key = heardKey('on-conversation-updated', update, context)

  const push = { ids: pushIdsOf(key), origin: null }
  const { requestId } = context
  const queued = await store.transaction(async (tx) => {
    if (await tx.rememberHeard(key, clock.now())) {
      await carryOut(needs, { tx, conversation, update, joiners, push, requestId })
    }
    return tx.lastLocalRow()
  })
  // It comes again, and then waits again: what follows it must not overtake its events.
  if (!(await lane.delivered(queued))) throw new Refusal(503, 'try-again', { detail: 'our own queue is behind' })
}

export interface AnswerContext {
  readonly conversation: QualifiedConversationId
  /** The connection that asked, and need not hear of it. */
  readonly origin: PushOrigin
  readonly requestId: string
}

/** The same for a change that the owner carried out because we asked; it tells us of it by its answer only. */
export const applyAnswer = async (
  needs: UpdateNeeds & { readonly random: Random },
  update: ConversationUpdate,
  { conversation, origin, requestId }: AnswerContext,
): Promise<ConversationEvent | undefined> => {
  const { store, random, lane } = needs
  const joiners = await admittedJoiners(needs, update, requestId)
  const push = { ids: random.uuid, origin }
  const { event, queued } = await store.transaction(async (tx) => {
    const told = await carryOut(needs, { tx, conversation, update, joiners, push, requestId })
    return { event: told, queued: await tx.lastLocalRow() }
  })
  await lane.delivered(queued)
  return event
}

type Join = Extract<ConversationAction, { tag: 'ConversationJoinTag' }>['action']

/**
 * Who joins as far as we are concerned: users of other backends, whom only their own can refuse, and those of ours
 * who are connected with the one who adds them. Undefined when the update is of another kind.
 */
const admittedJoiners = async (
  { domain, brig, log }: UpdateNeeds,
  { action, origUserId: adder, convId }: ConversationUpdate,
  requestId: string,
): Promise<Join | undefined> => {
  if (action.tag !== 'ConversationJoinTag') return undefined
  const { users } = action.action
  const ours = users.filter((user) => user.domain === domain && !isSameUser(user, adder)).map(({ id }) => id)
  const connected = await connectedWith(brig, adder, { users: ours, requestId })
  const admitted = users.filter((user) => user.domain !== domain || isSameUser(user, adder) || connected.has(user.id))
  if (admitted.length < users.length) {
    log.warn({ requestId, conversation: convId }, 'users not connected with the one who adds them are left out')
  }
  return { ...action.action, users: admitted }
}

interface CarryingOut {
  readonly tx: GalleyTransaction
  readonly conversation: QualifiedConversationId
  readonly update: ConversationUpdate
  readonly joiners: Join | undefined
  readonly push: PushContext
  readonly requestId: string
}

const carryOut = async (
  { domain, log }: UpdateNeeds,
  { tx, conversation, update, joiners, push, requestId }: CarryingOut,
): Promise<ConversationEvent | undefined> => {
  const present = await tx.presentAmong(conversation, update.alreadyPresentUsers)
  const added = await changeMembership(tx, { domain, conversation, update, joiners })
  const known = new Set([...present, ...added])
  // Those who join are listed as present by some owners.
  if (!update.alreadyPresentUsers.every((user) => known.has(user))) {
    log.warn({ requestId, conversation: conversation.id }, 'the owner takes users for members who are not')
  }
  const event = eventOf(
    { conversation, from: update.origUserId, time: new Date(update.time).getTime() },
    update,
    joiners,
  )
  if (event && known.size > 0) await tx.enqueue(pushed(eventPushes(event, [...known], push), requestId))
  return event
}

interface Change {
  readonly domain: Domain
  readonly conversation: QualifiedConversationId
  readonly update: ConversationUpdate
  readonly joiners: Join | undefined
}

/** Returns the users of ours who come in. */
const changeMembership = async (
  tx: GalleyTransaction,
  { domain, conversation, update, joiners }: Change,
): Promise<UserId[]> => {
  const { action, origUserId } = update
  const ours = (users: readonly QualifiedUserId[]): UserId[] =>
    users.filter((user) => user.domain === domain).map(({ id }) => id)
  const joining = ours(joiners?.users ?? [])
  await tx.addMemberships(conversation, joining)
  if (action.tag === 'ConversationLeaveTag') await tx.removeMemberships(conversation, ours([origUserId]))
  if (action.tag === 'ConversationRemoveMembersTag') {
    await tx.removeMemberships(conversation, ours(action.action.targets))
  }
  if (action.tag === 'ConversationDeleteTag') await tx.forgetConversation(conversation)
  return joining
}

const eventOf = (
  happening: Happening,
  { action, extraConversationData }: ConversationUpdate,
  joiners: Join | undefined,
): ConversationEvent | undefined => {
  if (action.tag !== 'ConversationJoinTag') return updateEvent(happening, action, extraConversationData)
  if (!joiners || joiners.users.length === 0) return undefined
  return updateEvent(happening, { ...action, action: joiners })
}
