import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'

export const renameConversation =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['rename-conversation'], ClientContext> =>
  async ({ params, body }, context) => {
    const action = { tag: 'ConversationRenameTag', action: { name: body.name } } as const
    return answerTo(await changeByClient(needs, params, { action, context }), COMMON_REFUSALS)
  }
