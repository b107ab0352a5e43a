import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'
import { askForChange, type AskingNeeds } from '../../owner-questions.ts'
import { originOf } from '../../pushes.ts'

interface Needs extends ChangingNeeds, AskingNeeds {}

/** Of the properties of a group the only one that members elsewhere may change (scenarios FED-040). */
export const setReceiptMode =
  (needs: Needs): Handler<(typeof galleyClient)['set-receipt-mode'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id }, body }, context) => {
    const { caller, requestId } = context
    const action = { tag: 'ConversationReceiptModeUpdateTag', action: body } as const
    const question = {
      conversation: { domain, id },
      actor: { domain: needs.domain, id: caller.user },
      origin: originOf(caller),
      requestId,
    }
    const changed =
      domain === needs.domain
        ? await changeByClient(needs, { conversation: id }, { action, context })
        : await askForChange(needs, question, action)
    return answerTo(changed, [...COMMON_REFUSALS, 'mls-receipts-not-allowed'])
  }
