/** SQL of what this backend knows about its users' places in conversations of others, and of lists over both. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { OwnSettings } from './conversation.ts'
import { type SettingsColumns, settingsColumns, settingsOf } from './store-settings.ts'

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

export const membershipStore = (db: Kysely<unknown>) => ({
  /** Own settings by conversation, for those of the given conversations that the user is in. */
  remoteMemberships: async (
    user: UserId,
    conversations: readonly QualifiedConversationId[],
  ): Promise<{ conversation: QualifiedConversationId; settings: OwnSettings }[]> => {
    const { rows } = await sql<{ domain: Domain; conversation: ConversationId } & SettingsColumns>`
      select r.domain, r.conversation, ${settingsColumns('r')}
      from galley.remote_memberships r
      join unnest(${conversations.map(({ domain }) => domain)}::text[], ${conversations.map(({ id }) => id)}::uuid[])
        as wanted(domain, conversation) using (domain, conversation)
      where r.user_id = ${user}`.execute(db)
    return rows.map((row) => ({
      conversation: { domain: row.domain, id: row.conversation },
      settings: settingsOf(row),
    }))
  },

  /** Which of these users are on record as members. */
  presentAmong: async (conversation: QualifiedConversationId, users: readonly UserId[]): Promise<UserId[]> => {
    if (users.length === 0) return []
    const { rows } = await sql<{ user_id: UserId }>`
      select user_id from galley.remote_memberships
      where domain = ${conversation.domain} and conversation = ${conversation.id}
        and user_id = any(${users}::uuid[])`.execute(db)
    return rows.map((row) => row.user_id)
  },

  /** Those who are members already stay as they are. */
  addMemberships: async (conversation: QualifiedConversationId, users: readonly UserId[]): Promise<void> => {
    if (users.length === 0) return
    await sql`
      insert into galley.remote_memberships (domain, conversation, user_id)
      select ${conversation.domain}, ${conversation.id}::uuid, u from unnest(${users}::uuid[]) u
      on conflict do nothing`.execute(db)
  },

  removeMemberships: async (conversation: QualifiedConversationId, users: readonly UserId[]): Promise<void> => {
    if (users.length === 0) return
    await sql`
      delete from galley.remote_memberships
      where domain = ${conversation.domain} and conversation = ${conversation.id}
        and user_id = any(${users}::uuid[])`.execute(db)
  },

  forgetConversation: async ({ domain, id }: QualifiedConversationId): Promise<void> => {
    await sql`delete from galley.remote_memberships where domain = ${domain} and conversation = ${id}`.execute(db)
  },

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

export type MembershipStore = ReturnType<typeof membershipStore>
