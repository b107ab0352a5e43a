import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { lookUpPeople } from '../../people.ts'
import { conversationRoles } from '../../roles.ts'

export const getTeamConversationRoles =
  ({
    brig,
  }: {
    readonly brig: Transport
  }): Handler<(typeof galleyClient)['get-team-conversation-roles'], ClientContext> =>
  async ({ params: { team } }, { caller, requestId }) => {
    const people = await lookUpPeople(brig, [caller.user], requestId)
    if (people.get(caller.user)?.team !== team) return { outcome: 'no-team-member' }
    return { outcome: 'roles', body: { conversation_roles: conversationRoles } }
  }
