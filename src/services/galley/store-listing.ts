/** SQL of lists over the conversations of this backend and of others. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, UserId } from '#src/contract/ids.ts'

export interface ListPosition {
  readonly isRemote: boolean
  readonly domain: Domain
  readonly conversation: ConversationId
}

export interface IdPage {
  readonly user: UserId
  readonly ownDomain: Domain
  /** Exclusive; undefined for the beginning. */
  readonly after: ListPosition | undefined
  readonly limit: number
}

export const listingStore = (db: Kysely<unknown>) => ({
  /** Ids of all conversations of a user: those of this backend first, each part in a fixed order. */
  listIds: async ({ user, ownDomain, after, limit }: IdPage): Promise<ListPosition[]> => {
    const position = after && [after.isRemote, after.domain, after.conversation]
    const isAfter = position
      ? sql`where (is_remote, domain, conversation) > (${position[0]}::boolean, ${position[1]}::text, ${position[2]}::uuid)`
      : sql``
    // The conversation with oneself is in the list whether it was stored yet or not; `union` takes it once.
    const { rows } = await sql<{ is_remote: boolean; domain: Domain; conversation: ConversationId }>`
      select is_remote, domain, conversation from (
        select false as is_remote, domain, conversation from galley.members
        where domain = ${ownDomain} and user_id = ${user}
        union select false, ${ownDomain}::text, ${user}::uuid
        union select true, domain, conversation from galley.remote_memberships where user_id = ${user}
      ) mine ${isAfter} order by is_remote, domain, conversation limit ${limit}`.execute(db)
    return rows.map((row) => ({ isRemote: row.is_remote, domain: row.domain, conversation: row.conversation }))
  },
})

export type ListingStore = ReturnType<typeof listingStore>
