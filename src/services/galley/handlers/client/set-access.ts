import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { accessRolesOf } from '../../access.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'

export const setAccess =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['set-access'], ClientContext> =>
  async ({ params, body }, context) => {
    const given = body.access_role_v2 ?? body.access_role ?? []
    const roles = typeof given === 'string' ? accessRolesOf(given) : given
    const access = { access: [...new Set(body.access)], access_role: [...new Set(roles)] }
    const action = { tag: 'ConversationAccessDataTag', action: access } as const
    return answerTo(await changeByClient(needs, params, { action, context }), COMMON_REFUSALS)
  }
