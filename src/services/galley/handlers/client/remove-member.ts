import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { LEAVING, removing } from '../../change.ts'
import { answerTo, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'
import { isSameUser } from '../../conversation.ts'
import { askToLeave, type AskingNeeds } from '../../owner-questions.ts'
import { originOf } from '../../pushes.ts'

interface Needs extends ChangingNeeds, AskingNeeds {}

export const removeMember =
  (needs: Needs): Handler<(typeof galleyClient)['remove-member'], ClientContext> =>
  async ({ params }, context) => {
    const { domain = needs.domain, conversation: id, userDomain = needs.domain, user } = params
    const { caller, requestId } = context
    const self = { domain: needs.domain, id: caller.user }
    const target = { domain: userDomain, id: user }
    if (domain === needs.domain) {
      const action = isSameUser(self, target) ? LEAVING : removing([target])
      return answerTo(await changeByClient(needs, { conversation: id }, { action, context }), COMMON_REFUSALS)
    }
    // Members elsewhere can only be removed by themselves (federation-api.md §7.3).
    if (!isSameUser(self, target)) return { outcome: 'action-denied' }
    const origin = originOf(caller)
    const question = { conversation: { domain, id }, actor: self, origin, requestId }
    return answerTo(await askToLeave(needs, question), COMMON_REFUSALS)
  }
