import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { changeConversation, type ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, ENTRY_REFUSALS } from '../../client-change.ts'
import { originOf } from '../../pushes.ts'

export const joinById =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['join-by-id'], ClientContext> =>
  async ({ params: { conversation } }, { caller, requestId }) => {
    const changed = await changeConversation(needs, {
      conversation,
      actor: { domain: needs.domain, id: caller.user },
      wish: { kind: 'enter', by: 'link' },
      origin: originOf(caller),
      requestId,
    })
    return answerTo(changed, ENTRY_REFUSALS)
  }
