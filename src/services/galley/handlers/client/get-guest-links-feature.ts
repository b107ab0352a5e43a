import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { memberAmong } from '../../change.ts'
import { areEnabled, type LinkNeeds } from '../../guest-links.ts'

export const getGuestLinksFeature =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['get-guest-links-feature'], ClientContext> =>
  async ({ params: { conversation } }, { caller, requestId }) => {
    const standing = await needs.store.standing(conversation)
    if (!standing) return { outcome: 'not-found' }
    if (!memberAmong(standing, { domain: needs.domain, id: caller.user })) return { outcome: 'access-denied' }
    const status = (await areEnabled(needs, standing.conversation, requestId)) ? 'enabled' : 'disabled'
    return { outcome: 'found', body: { status, lockStatus: 'unlocked', ttl: 'unlimited' } }
  }
