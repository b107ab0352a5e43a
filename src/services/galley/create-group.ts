/**
 * Storing a new group and telling everybody (rules.md §5, steps 5 and 6).
 *
 * Other backends are told while the creator waits, and one that does not take note undoes the creation. So the
 * conversation is first stored as unconfirmed; only when all have agreed is it confirmed, and in that transaction its
 * events are queued. A process that dies in between leaves an unconfirmed one, which the sweeper undoes.
 */
import { type ConversationCreated, galleyFederation } from '#src/contract/federation/galley.ts'
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import type { Letter } from '#src/queue/outbox.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { clientView } from './client-view.ts'
import { asSeenBy, type Conversation, isSameUser, type Member, NO_SETTINGS, otherMember } from './conversation.ts'
import { type EventTime, type EventTimes, timestampOf } from './event-times.ts'
import { createEvent } from './events.ts'
import { fanOut, groupByDomain } from './fan-out.ts'
import { conversationUpdated, pushed } from './letters.ts'
import { CREATION_TIMEOUT_MS } from './limits.ts'
import type { NewGroup } from './new-group.ts'
import { ownEventPushes, type PushOrigin } from './pushes.ts'
import { MEMBER } from './roles.ts'
import type { GalleyStore } from './store.ts'
import { undoCreation } from './undo-creation.ts'

export interface CreatingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly remotes: RemoteBackends
  readonly times: EventTimes
  readonly clock: Clock
  readonly random: Random
}

export interface CreationContext {
  readonly requestId: string
  readonly origin: PushOrigin
}

export type Created =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'unreachable'; readonly backends: readonly [Domain, ...Domain[]] }

export const createGroup = async (
  needs: CreatingNeeds,
  group: NewGroup,
  context: CreationContext,
): Promise<Created> => {
  const { store, domain, times, clock } = needs
  const at = times.next()
  const remote = groupByDomain(group.members.map(({ user }) => user))
  remote.delete(domain)
  if (remote.size === 0) {
    await store.transaction(async (tx) => {
      // Ids of conversations of two are derived: somebody may have been faster.
      if (!(await tx.create({ ...group, at, unconfirmedSince: null }))) return
      await tx.enqueue(lettersToOurs(needs, { group, at, context }))
    })
    return { outcome: 'created' }
  }

  await store.create({ ...group, at, unconfirmedSince: clock.now() })
  const [first, ...rest] = await unwillingBackends(needs, { group, at, to: [...remote.keys()], context })
  if (first !== undefined) {
    await undoCreation(needs, group.conversation.id, context.requestId)
    return { outcome: 'unreachable', backends: [first, ...rest] }
  }
  await confirm(needs, { group, at, remote, context })
  return { outcome: 'created' }
}

interface Step {
  readonly group: NewGroup
  readonly at: EventTime
  readonly context: CreationContext
}

const unwillingBackends = async (
  { remotes }: CreatingNeeds,
  { group, at, to, context }: Step & { readonly to: readonly Domain[] },
): Promise<Domain[]> => {
  const { failures } = await fanOut(to, (domain) =>
    remotes.call(domain, galleyFederation['on-conversation-created'], creationFor(domain, group, at), {
      requestId: context.requestId,
      timeoutMs: CREATION_TIMEOUT_MS,
    }),
  )
  return to.filter((domain) => failures.has(domain))
}

/** Lists our own members and those of the addressed backend; of third ones it learns by an update. */
const creationFor = (
  addressed: Domain,
  { conversation, creator, members }: NewGroup,
  at: EventTime,
): ConversationCreated => ({
  time: timestampOf(at),
  orig_user_id: creator.id,
  cnv_id: conversation.id,
  cnv_type: conversation.type,
  cnv_access: [...conversation.access],
  cnv_access_roles: [...conversation.accessRoles],
  cnv_name: conversation.name,
  non_creator_members: members
    .filter(({ user }) => !isSameUser(user, creator) && [creator.domain, addressed].includes(user.domain))
    .map(otherMember),
  message_timer: conversation.messageTimer,
  receipt_mode: conversation.receiptMode,
  protocol: { protocol: 'proteus' },
  group_conv_type: 'group_conversation',
  channel_add_permission: null,
  history: null,
})

const confirm = async (
  needs: CreatingNeeds,
  { group, at, remote, context }: Step & { readonly remote: ReadonlyMap<Domain, readonly QualifiedUserId[]> },
): Promise<void> => {
  // An event of its own: not the same time as the creation.
  const joinedAt = at + 1
  await needs.store.transaction(async (tx) => {
    if (!(await tx.confirm(group.conversation.id, joinedAt))) {
      throw new Refusal(503, 'try-again', { detail: 'creating the conversation took too long' })
    }
    const updates = remote.size > 1 ? joinUpdates(group, { remote, at: joinedAt, requestId: context.requestId }) : []
    await tx.enqueue([...lettersToOurs(needs, { group, at, context }), ...updates])
  })
}

/** Every backend hears of the members that all the other remote ones have. */
const joinUpdates = (
  { conversation, creator }: NewGroup,
  {
    remote,
    at,
    requestId,
  }: { remote: ReadonlyMap<Domain, readonly QualifiedUserId[]>; at: EventTime; requestId: string },
) =>
  [...remote].map(([domain, present]) =>
    conversationUpdated(
      domain,
      {
        time: timestampOf(at),
        origUserId: creator,
        convId: conversation.id,
        alreadyPresentUsers: present.map(({ id }) => id),
        action: {
          tag: 'ConversationJoinTag',
          action: {
            users: [...remote].flatMap(([other, users]) => (other === domain ? [] : users)),
            // Prescribed (federation-api.md §7.9), whatever role they have; reading the conversation shows the right one.
            role: MEMBER,
            join_type: 'internal_add',
          },
        },
        extraConversationData: null,
      },
      requestId,
    ),
  )

const lettersToOurs = ({ domain, random }: CreatingNeeds, { group, at, context }: Step): Letter[] => {
  const { conversation, creator, members } = group
  const { id, team } = conversation
  const happening = { conversation: { domain, id }, from: creator, time: at, team }
  const events = members
    .filter(({ user }) => user.domain === domain)
    .map((member) => ({
      user: member.user.id,
      event: createEvent(happening, viewOf(domain, { conversation, members, member })),
    }))
  const rows = ownEventPushes(events, { membersEach: members.length, ids: random.uuid, origin: context.origin })
  return rows.flatMap((pushes) => pushed(pushes, context.requestId))
}

/** A conversation that is new, so that nobody has set up anything for himself yet. */
export const viewOf = (
  domain: Domain,
  { conversation, members, member }: { conversation: Conversation; members: readonly Member[]; member: Member },
) => clientView(domain, asSeenBy(conversation, members, member), { user: member.user, settings: NO_SETTINGS })
