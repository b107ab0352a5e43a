import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { PublicContext } from '#src/rpc/context.ts'
import { findCode, isPasswordRight, type LinkNeeds } from '../../guest-links.ts'

export const checkCode =
  (needs: LinkNeeds): Handler<(typeof galleyClient)['check-code'], PublicContext> =>
  async ({ body }) => {
    const code = await findCode(needs, body)
    if (!code) return { outcome: 'no-code' }
    // Whether a link is good can be asked before anybody has typed a password.
    const isWrong = (body.password ?? null) !== null && !(await isPasswordRight(needs, code, body))
    return { outcome: isWrong ? 'wrong-password' : 'good' }
  }
