import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { Random } from '#src/kit/random.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { EventTimes } from '../../event-times.ts'
import { ownSettingsEvent } from '../../events.ts'
import { pushed } from '../../letters.ts'
import { eventPushes, originOf } from '../../pushes.ts'
import { ensureSelfConversation } from '../../self-conversation.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly times: EventTimes
  readonly random: Random
}

/** Kept here wherever the conversation is; only the user's own devices are told. */
export const updateOwnMember =
  (needs: Needs): Handler<(typeof galleyClient)['update-own-member'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id }, body }, { caller, requestId }) => {
    const { store, times, random } = needs
    const self = { domain: needs.domain, id: caller.user }
    const conversation = { domain, id }
    if (domain === needs.domain) await ensureSelfConversation(needs, { actor: self, conversation: id })
    const settings = Object.fromEntries(Object.entries(body).filter(([, value]) => (value ?? null) !== null))
    return store.transaction(async (tx) => {
      const isMember =
        domain === needs.domain
          ? await tx.updateSettings(id, self, settings)
          : await tx.updateRemoteSettings(conversation, caller.user, settings)
      if (!isMember) return { outcome: 'not-found' }
      const event = ownSettingsEvent({ conversation, from: self, time: times.next() }, settings)
      const context = { ids: random.uuid, origin: originOf(caller), nativePush: false }
      await tx.enqueue(pushed(eventPushes(event, [caller.user], context), requestId))
      return { outcome: 'done' }
    })
  }
