import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { codeDeleteEvent } from '../../events.ts'
import { codeAccess, type LinkNeeds } from '../../guest-links.ts'
import { tellCode } from '../../tell-code.ts'

export const deleteCode =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['delete-code'], ClientContext> =>
  async ({ params: { conversation } }, { caller, requestId }) => {
    const { store, domain, clock } = needs
    const user = { domain, id: caller.user }
    const access = await codeAccess(needs, { conversation, user, asAdmin: true }, requestId)
    if (access.outcome !== 'open') return access
    return store.transaction(async (tx) => {
      const standing = await tx.lockStanding(conversation)
      if (!standing) return { outcome: 'not-found' }
      if (!(await tx.codeOf(conversation, clock.now()))) return { outcome: 'no-code' }
      await tx.deleteCode(conversation)
      const event = await tellCode(needs, { tx, standing, by: caller, requestId, eventOf: codeDeleteEvent })
      return { outcome: 'deleted', body: event }
    })
  }
