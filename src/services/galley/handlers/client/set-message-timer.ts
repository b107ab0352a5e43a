import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'

export const setMessageTimer =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['set-message-timer'], ClientContext> =>
  async ({ params, body }, context) => {
    const action = {
      tag: 'ConversationMessageTimerUpdateTag',
      action: { message_timer: body.message_timer ?? null },
    } as const
    return answerTo(await changeByClient(needs, params, { action, context }), COMMON_REFUSALS)
  }
