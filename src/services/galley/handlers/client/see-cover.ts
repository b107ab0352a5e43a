import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { areEnabled, findCode, type LinkNeeds } from '../../guest-links.ts'

export const seeCover =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['see-cover'], ClientContext> =>
  async ({ query }, { requestId }) => {
    const code = await findCode(needs, query)
    const standing = code && (await needs.store.standing(code.conversation))
    if (!standing) return { outcome: 'no-code' }
    const { id, name, access } = standing.conversation
    if (!(await areEnabled(needs, standing.conversation, requestId))) return { outcome: 'links-disabled' }
    if (!access.includes('code')) return { outcome: 'access-denied' }
    return { outcome: 'cover', body: { id, name, has_password: code.passwordHash !== null } }
  }
