import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { isSelfConversationOf } from '../../conversation.ts'
import { conversationRoles } from '../../roles.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'find'>
  readonly domain: Domain
}

export const getConversationRoles =
  ({ store, domain }: Needs): Handler<(typeof galleyClient)['get-conversation-roles'], ClientContext> =>
  async ({ params: { conversation } }, { caller }) => {
    const [found] = await store.find([conversation], { domain, id: caller.user })
    if (!found && !isSelfConversationOf(caller.user, conversation)) return { outcome: 'not-found' }
    if (found && !found.viewer) return { outcome: 'access-denied' }
    return { outcome: 'roles', body: { conversation_roles: conversationRoles } }
  }
