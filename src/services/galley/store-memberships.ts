/** SQL of what this backend knows about its users' places in conversations of others. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import { statement } from '#src/storage/statement.ts'
import type { OwnSettings } from './conversation.ts'
import { type SettingsColumns, settingsColumns, settingsOf } from './store-settings.ts'

/** Somebody of ours in a conversation of others. */
export interface Place {
  readonly conversation: QualifiedConversationId
  readonly user: UserId
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

  /** All users of ours who are on record as members. */
  membersOnRecord: async (conversation: QualifiedConversationId): Promise<UserId[]> => {
    const { rows } = await sql<{ user_id: UserId }>`
      select user_id from galley.remote_memberships
      where domain = ${conversation.domain} and conversation = ${conversation.id}`.execute(db)
    return rows.map((row) => row.user_id)
  },

  /** Which of these places are taken, whatever the conversations. */
  placesTaken: (places: readonly Place[]) => placesTaken(db, places),

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
})

export type MembershipStore = ReturnType<typeof membershipStore>

const placesTaken = async (db: Kysely<unknown>, places: readonly Place[]): Promise<Set<Place>> => {
  const rows = await taken(db, {
    domains: places.map(({ conversation }) => conversation.domain),
    conversations: places.map(({ conversation }) => conversation.id),
    users: places.map(({ user }) => user),
  })
  return new Set(rows.flatMap(({ of }) => places[Number(of) - 1] ?? []))
}

interface Places {
  readonly domains: readonly Domain[]
  readonly conversations: readonly ConversationId[]
  readonly users: readonly UserId[]
}

const taken = statement<Places, { of: string | number }>(({ domains, conversations, users }, db) =>
  sql<{ of: string | number }>`/* prepared */
    select w.of from unnest(${domains}::text[], ${conversations}::uuid[], ${users}::uuid[])
      with ordinality as w(domain, conversation, user_id, of)
    join galley.remote_memberships using (domain, conversation, user_id)`.compile(db),
)
