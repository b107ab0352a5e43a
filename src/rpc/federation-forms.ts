/** One value in the forms of different federation versions (federation-api.md §4.8, §4.9, §4.11). */
import type { ConversationUpdate, ConversationUpdateV0 } from '#src/contract/federation/conversation-updates.ts'
import {
  LEGACY_INACTIVE_SUITE,
  type LegacyProtocol,
  type Protocol,
  type RemoteConversation,
  type RemoteConversationV2,
} from '#src/contract/federation/conversations.ts'

/** A group's new id after a reset does not fit: peers this old know neither resets nor MLS. */
export const updateToV0 = (update: ConversationUpdate): ConversationUpdateV0 => ({
  cuTime: update.time,
  cuOrigUserId: update.origUserId,
  cuConvId: update.convId,
  cuAlreadyPresentUsers: update.alreadyPresentUsers,
  cuAction: update.action,
})

export const updateFromV0 = (update: ConversationUpdateV0): ConversationUpdate => ({
  time: update.cuTime,
  origUserId: update.cuOrigUserId,
  convId: update.cuConvId,
  alreadyPresentUsers: update.cuAlreadyPresentUsers,
  action: update.cuAction,
  extraConversationData: null,
})

export const conversationToLegacy = (conversation: RemoteConversationV2): RemoteConversation => ({
  ...conversation,
  protocol: protocolToLegacy(conversation.protocol),
})

export const conversationFromLegacy = (conversation: RemoteConversation): RemoteConversationV2 => ({
  ...conversation,
  protocol: protocolFromLegacy(conversation.protocol),
})

const protocolToLegacy = (state: Protocol): LegacyProtocol =>
  state.protocol === 'proteus'
    ? state
    : {
        protocol: state.protocol,
        group_id: state.group_id,
        epoch: state.epoch,
        epoch_timestamp: state.epoch_timestamp ?? null,
        cipher_suite: state.cipher_suite ?? LEGACY_INACTIVE_SUITE,
      }

const protocolFromLegacy = (state: LegacyProtocol): Protocol => {
  if (state.protocol === 'proteus') return state
  const { protocol, group_id, epoch, epoch_timestamp, cipher_suite } = state
  const group = { protocol, group_id, epoch }
  // Epoch 0 is a group that nobody has begun; the suite is then a filler.
  return epoch_timestamp === null ? group : { ...group, epoch_timestamp, cipher_suite }
}
