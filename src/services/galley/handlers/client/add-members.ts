import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { changeByClient } from '../../client-change.ts'
import { answerInvitation, joinAction } from '../../client-invitation.ts'

export const addMembers =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['add-members'], ClientContext> =>
  async ({ params, body }, context) => {
    const action = joinAction(body, needs.domain)
    return answerInvitation(await changeByClient(needs, params, { action, context }), context.apiVersion)
  }
