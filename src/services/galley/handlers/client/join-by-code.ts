import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { changeConversation, type ChangingNeeds } from '../../change-conversation.ts'
import { answerTo, ENTRY_REFUSALS } from '../../client-change.ts'
import { areEnabled, findCode, isPasswordRight, type LinkNeeds } from '../../guest-links.ts'
import { originOf } from '../../pushes.ts'

interface Needs extends LinkNeeds, ChangingNeeds {}

export const joinByCode =
  (needs: Needs): Handler<(typeof galleyClient)['join-by-code'], ClientContext> =>
  async ({ body }, { caller, requestId }) => {
    const code = await findCode(needs, body)
    const standing = code && (await needs.store.standing(code.conversation))
    if (!standing) return { outcome: 'no-code' }
    if (!(await areEnabled(needs, standing.conversation, requestId))) return { outcome: 'links-disabled' }
    if (!(await isPasswordRight(needs, code, body))) return { outcome: 'wrong-password' }
    const changed = await changeConversation(needs, {
      conversation: code.conversation,
      actor: { domain: needs.domain, id: caller.user },
      wish: { kind: 'enter', by: 'code' },
      origin: originOf(caller),
      requestId,
    })
    return answerTo(changed, ENTRY_REFUSALS)
  }
