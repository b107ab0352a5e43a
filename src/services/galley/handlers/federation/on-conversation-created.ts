import { type ConversationCreated, type galleyFederation } from '#src/contract/federation/galley.ts'
import type { RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Letter } from '#src/queue/outbox.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { clientView } from '../../client-view.ts'
import { connectedWith } from '../../connected-with.ts'
import { isSameUser, type Member, NO_SETTINGS, otherMember } from '../../conversation.ts'
import { createEvent } from '../../events.ts'
import { heardKey, pushIdsOf } from '../../heard-key.ts'
import { pushed } from '../../letters.ts'
import type { LocalLane } from '../../local-lane.ts'
import { ownEventPushes } from '../../pushes.ts'
import { ADMIN } from '../../roles.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly brig: Transport
  readonly clock: Clock
  readonly lane: LocalLane
  readonly log: Log
}

export const onConversationCreated =
  (needs: Needs): RpcHandler<(typeof galleyFederation)['on-conversation-created'], FederationContext> =>
  async (created, context) => {
    const { store, domain, brig, clock, lane, log } = needs
    const { origin, requestId } = context
    const creator = { domain: origin, id: created.orig_user_id }
    const members = membersOf(created, creator)
    const ours = members.filter(({ user }) => user.domain === domain)
    const connected = await connectedWith(brig, creator, { users: ours.map(({ user }) => user.id), requestId })
    const joining = ours.filter(({ user }) => connected.has(user.id))
    if (joining.length < ours.length) {
      log.warn({ requestId, origin, conversation: created.cnv_id }, 'users not connected with the creator are left out')
    }

    const key = heardKey('on-conversation-created', created, context)
    const queued = await store.transaction(async (tx) => {
      if (await tx.rememberHeard(key, clock.now())) {
        await tx.addMemberships(
          { domain: origin, id: created.cnv_id },
          joining.map(({ user }) => user.id),
        )
        await tx.enqueue(createLetters({ created, creator, members, joining, key, context }))
      }
      return tx.lastLocalRow()
    })
    // A refusal would undo the conversation, which is worse than an event that may be late.
    await lane.delivered(queued)
    return {}
  }

/** The creator, who is not listed, first. */
const membersOf = ({ non_creator_members: listed }: ConversationCreated, creator: QualifiedUserId): Member[] => [
  { user: creator, role: ADMIN },
  ...listed
    .map((member) => ({ user: member.qualified_id, role: member.conversation_role }))
    .filter(({ user }) => !isSameUser(user, creator)),
]

interface Telling {
  readonly created: ConversationCreated
  readonly creator: QualifiedUserId
  readonly members: readonly Member[]
  readonly joining: readonly Member[]
  readonly key: Uint8Array
  readonly context: FederationContext
}

const createLetters = ({ created, creator, members, joining, key, context }: Telling): Letter[] => {
  const { origin, requestId } = context
  const happening = {
    conversation: { domain: origin, id: created.cnv_id },
    from: creator,
    time: new Date(created.time).getTime(),
  }
  const events = joining.map((member) => {
    const view = clientView(origin, shownTo(member, created, members), { user: member.user, settings: NO_SETTINGS })
    return { user: member.user.id, event: createEvent(happening, view) }
  })
  const rows = ownEventPushes(events, { membersEach: members.length, ids: pushIdsOf(key), origin: null })
  return rows.flatMap((pushes) => pushed(pushes, requestId))
}

/** What the owner would show him; the team is not conveyed. */
const shownTo = (viewer: Member, created: ConversationCreated, members: readonly Member[]): RemoteConversationV2 => ({
  id: created.cnv_id,
  metadata: {
    type: created.cnv_type,
    creator: created.orig_user_id,
    access: created.cnv_access,
    access_role: created.cnv_access_roles,
    name: created.cnv_name,
    last_event: '0.0',
    last_event_time: '1970-01-01T00:00:00.000Z',
    team: null,
    message_timer: created.message_timer,
    receipt_mode: created.receipt_mode,
    group_conv_type: created.group_conv_type ?? 'group_conversation',
    add_permission: created.channel_add_permission,
    cells_state: 'disabled',
    parent: null,
    history: null,
  },
  members: {
    self_role: viewer.role,
    others: members.filter(({ user }) => !isSameUser(user, viewer.user)).map(otherMember),
  },
  protocol: { protocol: 'proteus' },
})
