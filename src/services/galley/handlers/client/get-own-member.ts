import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { seeConversation, type SeeingNeeds } from '../../see-conversation.ts'

export const getOwnMember =
  (needs: SeeingNeeds): Handler<(typeof galleyClient)['get-own-member'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id } }, { caller, requestId }) => {
    const found = await seeConversation(needs, { conversation: { domain, id }, user: caller.user, requestId })
    return typeof found === 'string' ? { outcome: 'not-found' } : { outcome: 'found', body: found.members.self }
  }
