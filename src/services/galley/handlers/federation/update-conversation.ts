import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { GalleyError } from '#src/contract/federation/galley-errors.ts'
import type { ConversationUpdateResponse, galleyFederation } from '#src/contract/federation/galley.ts'
import { ConversationName } from '#src/contract/ids.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { changeConversation, type ChangingNeeds } from '../../change-conversation.ts'
import type { ChangeRefusal } from '../../change.ts'
import { PERMISSION_FOR } from '../../judge-change.ts'

export const updateConversation =
  (needs: ChangingNeeds): RpcHandler<(typeof galleyFederation)['update-conversation'], FederationContext> =>
  async ({ user, conv_id: conversation, action }, { origin, requestId }): Promise<ConversationUpdateResponse> => {
    refuseBadName(action)
    const changed = await changeConversation(needs, {
      conversation,
      // Of the asking backend: it cannot act for users of anybody else.
      actor: { domain: origin, id: user },
      wish: { kind: 'action', action },
      origin: null,
      requestId,
    })
    switch (changed.outcome) {
      case 'changed':
        return { tag: 'ConversationUpdateResponseUpdate', contents: changed.update }
      case 'unchanged':
        return { tag: 'ConversationUpdateResponseNoChanges' }
      case 'refused':
        return { tag: 'ConversationUpdateResponseError', contents: errorFor(changed.why, action) }
      // Only bringing people in asks others, and nobody elsewhere may do that.
      case 'unreachable':
      case 'non-federating':
        throw new Error(`a change by a member elsewhere asked other backends: ${action.tag}`)
      default:
        return changed satisfies never
    }
  }

/** federation-api.md §7.6: an announced name may be longer than one that is asked for. */
const refuseBadName = (action: ConversationAction): void => {
  if (action.tag !== 'ConversationRenameTag' || ConversationName.safeParse(action.action.name).success) return
  throw new Refusal(400, 'client-error', { detail: 'a name has 1 to 256 characters' })
}

const errorFor = (why: ChangeRefusal, { tag }: ConversationAction): GalleyError => {
  switch (why) {
    case 'not-implemented':
      throw new Refusal(422, 'federation-not-implemented', { detail: 'only members of the owning backend may do this' })
    case 'action-denied':
      return { tag: 'ActionDenied', contents: PERMISSION_FOR[tag] }
    case 'invalid-op':
      return { tag: INVALID_TARGETS.has(tag) ? 'InvalidTargetAccess' : 'InvalidOperation' }
    default:
      return { tag: ERRORS[why] }
  }
}

const INVALID_TARGETS: ReadonlySet<ConversationAction['tag']> = new Set([
  'ConversationAccessDataTag',
  'ConversationUpdateAddPermissionTag',
])

const ERRORS = {
  'not-found': 'ConvNotFound',
  'member-not-found': 'ConvMemberNotFound',
  'access-denied': 'ConvAccessDenied',
  'not-connected': 'NotConnected',
  'no-team-member': 'NotATeamMember',
  'too-many-members': 'TooManyMembers',
  'invalid-protocol-transition': 'ConvInvalidProtocolTransition',
  'mls-receipts-not-allowed': 'MLSReadReceiptsNotAllowed',
  'history-not-supported': 'HistoryNotSupported',
  'protocol-not-federated': 'InvalidOperation',
} as const satisfies Record<Exclude<ChangeRefusal, 'not-implemented' | 'action-denied' | 'invalid-op'>, string>
