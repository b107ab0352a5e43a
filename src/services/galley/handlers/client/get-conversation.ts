import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { ACCESS_ROLE_LIST_VERSION, oldForm } from '../../client-view.ts'
import { seeConversation, type SeeingNeeds } from '../../see-conversation.ts'

export const getConversation =
  (needs: SeeingNeeds): Handler<(typeof galleyClient)['get-conversation'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id } }, { caller, apiVersion, requestId }) => {
    const found = await seeConversation(needs, { conversation: { domain, id }, user: caller.user, requestId })
    if (typeof found === 'string') return { outcome: found }
    return apiVersion < ACCESS_ROLE_LIST_VERSION
      ? { outcome: 'found-old', body: oldForm(found) }
      : { outcome: 'found', body: found }
  }
