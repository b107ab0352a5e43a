import type { Domain, UserId } from '#src/contract/ids.ts'
import type { galleyInternal } from '#src/contract/internal/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import { userDeleted } from '../../letters.ts'
import { CONVERSATIONS_PER_DELETION, CONVERSATIONS_PER_ROUND } from '../../limits.ts'
import { removeDeletedUser, type RemovingNeeds } from '../../remove-deleted-user.ts'

/** In small steps, each of which is final: whoever asks again, after a crash or too long a wait, gets the rest done. */
export const removeUser =
  (needs: RemovingNeeds): Handler<(typeof galleyInternal)['remove-user'], InternalContext> =>
  async ({ body }, { requestId }) => {
    await leaveOurs(needs, body.user, requestId)
    await leaveThoseOfOthers(needs, body.user, requestId)
    return { outcome: 'removed', body: {} }
  }

const leaveOurs = async (needs: RemovingNeeds, id: UserId, requestId: string): Promise<void> => {
  const user = { domain: needs.domain, id }
  for (;;) {
    const conversations = await needs.store.conversationsWith(user, CONVERSATIONS_PER_ROUND)
    if (conversations.length === 0) return
    for (const conversation of conversations) await removeDeletedUser(needs, { user, conversation }, requestId)
  }
}

/** Their owners are told through the queue; here he is forgotten at once. */
const leaveThoseOfOthers = async ({ store }: RemovingNeeds, user: UserId, requestId: string): Promise<void> => {
  const forgetSome = (): Promise<Domain | undefined> =>
    store.transaction(async (tx) => {
      const some = await tx.takeMemberships(user, CONVERSATIONS_PER_DELETION)
      if (!some) return undefined
      await tx.enqueue([userDeleted(some.owner, { user, conversations: some.conversations }, requestId)])
      return some.owner
    })
  while ((await forgetSome()) !== undefined);
}
