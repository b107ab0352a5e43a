import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { ChangingNeeds } from '../../change-conversation.ts'
import { answerDone, changeByClient, COMMON_REFUSALS } from '../../client-change.ts'

export const deleteTeamConversation =
  (needs: ChangingNeeds): Handler<(typeof galleyClient)['delete-team-conversation'], ClientContext> =>
  async ({ params: { team, conversation } }, context) => {
    // A conversation never changes its team.
    const standing = await needs.store.standing(conversation)
    if (standing?.conversation.team !== team) return { outcome: 'not-found' }
    const action = { tag: 'ConversationDeleteTag', action: {} } as const
    return answerDone(await changeByClient(needs, { conversation }, { action, context }), COMMON_REFUSALS)
  }
