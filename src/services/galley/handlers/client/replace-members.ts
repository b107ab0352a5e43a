import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { removing } from '../../change.ts'
import { answerDone, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'
import { answerInvitation, joinAction } from '../../client-invitation.ts'
import { userKey } from '../../conversation.ts'

/** First those who are missing come in, and then the others go: an objection to the former leaves all as it was. */
export const replaceMembers =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['replace-members'], ClientContext> =>
  async ({ params, body }, context) => {
    const self = { domain: needs.domain, id: context.caller.user }
    const joining = joinAction(body, needs.domain)
    const joined = answerInvitation(
      await changeByClient(needs, params, { action: joining, context }),
      context.apiVersion,
    )
    if (joined.outcome !== 'event' && joined.outcome !== 'unchanged') return joined

    const standing = await needs.store.standing(params.conversation)
    const kept = new Set([self, ...joining.action.users].map(userKey))
    const [first, ...others] = (standing?.members ?? [])
      .map(({ user }) => user)
      .filter((user) => !kept.has(userKey(user)))
    if (!first) return { outcome: 'done' }
    const action = removing([first, ...others])
    return answerDone(await changeByClient(needs, params, { action, context }), COMMON_REFUSALS)
  }
