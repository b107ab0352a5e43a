/** SQL of finding where somebody who is gone has been. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'

export const departureStore = (db: Kysely<unknown>) => ({
  /** Some of the conversations of this backend that somebody is in. */
  conversationsWith: async (user: QualifiedUserId, limit: number): Promise<ConversationId[]> => {
    const { rows } = await sql<{ conversation: ConversationId }>`
      select conversation from galley.members where domain = ${user.domain} and user_id = ${user.id}
      order by conversation limit ${limit}`.execute(db)
    return rows.map(({ conversation }) => conversation)
  },

  /** Forgets some of a user's places, all of them in conversations of one owner; undefined when there are none. */
  takeMemberships: async (
    user: UserId,
    limit: number,
  ): Promise<{ readonly owner: Domain; readonly conversations: ConversationId[] } | undefined> => {
    const { rows } = await sql<{ domain: Domain; conversation: ConversationId }>`
      delete from galley.remote_memberships r using (
        select domain, conversation from galley.remote_memberships
        where user_id = ${user} and domain = (
          select domain from galley.remote_memberships where user_id = ${user} order by domain limit 1
        ) order by conversation limit ${limit} for update
      ) taken
      where r.user_id = ${user} and r.domain = taken.domain and r.conversation = taken.conversation
      returning r.domain, r.conversation`.execute(db)
    const [first] = rows
    return first && { owner: first.domain, conversations: rows.map(({ conversation }) => conversation) }
  },
})

export type DepartureStore = ReturnType<typeof departureStore>
