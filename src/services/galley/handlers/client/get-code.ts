import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { baseFor, codeAccess, type LinkNeeds, shownCode } from '../../guest-links.ts'

export const getCode =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['get-code'], ClientContext> =>
  async ({ params: { conversation }, headers }, { caller, requestId }) => {
    const { store, domain, clock } = needs
    const base = baseFor(needs, headers['z-host'])
    if (base === undefined) return { outcome: 'access-denied' }
    const user = { domain, id: caller.user }
    const access = await codeAccess(needs, { conversation, user, asAdmin: false }, requestId)
    if (access.outcome !== 'open') return access
    const code = await store.codeOf(conversation, clock.now())
    return code ? { outcome: 'found', body: shownCode(code, base) } : { outcome: 'no-code' }
  }
