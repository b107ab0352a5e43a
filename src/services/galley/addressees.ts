/**
 * Who is in a conversation, remembered for the next message. What is remembered may be old, and does no harm then:
 * accepting compares its revision in the statement that stores the message, and nobody is refused for what is
 * remembered without asking anew (`send-message.ts`).
 */
import type { ConversationId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { REMEMBERED_CONVERSATIONS_MAX, REMEMBERED_MEMBERS_MAX } from './limits.ts'
import type { Addressees, ConversationStore } from './store-conversations.ts'

export interface AddressBook {
  remembered(conversation: ConversationId): Addressees | undefined
  /** From the database; remembered from then on. */
  lookUp(conversation: ConversationId): Promise<Addressees | undefined>
}

interface Needs {
  readonly store: Pick<ConversationStore, 'addressees'>
  readonly clock: Clock
}

export const addressBook = ({ store, clock }: Needs): AddressBook => {
  const known = boundedCache<ConversationId, Addressees>({ max: REMEMBERED_CONVERSATIONS_MAX, clock })
  return {
    remembered: (conversation) => known.get(conversation),
    lookUp: async (conversation) => {
      const found = await store.addressees(conversation)
      if (found && found.members.length <= REMEMBERED_MEMBERS_MAX) known.set(conversation, found)
      else known.delete(conversation)
      return found
    },
  }
}
