import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerDone, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'

export const updateMember =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['update-member'], ClientContext> =>
  async ({ params, body }, context) => {
    const target = { domain: params.userDomain ?? needs.domain, id: params.user }
    const action = { tag: 'ConversationMemberUpdateTag', action: { target, update: body } } as const
    const changed = await changeByClient(needs, params, { action, context })
    return answerDone(changed, [...COMMON_REFUSALS, 'member-not-found'])
  }
