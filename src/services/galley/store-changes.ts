/** SQL of changing a conversation that this backend owns. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedUserId, RoleName, UserId } from '#src/contract/ids.ts'
import type { Conversation, Member } from './conversation.ts'
import type { EventTime } from './event-times.ts'
import { type ConversationColumns, conversationColumns, conversationOf } from './store-rows.ts'

/** A conversation with all its members, as it stands. */
export interface Standing {
  readonly conversation: Conversation
  readonly members: readonly Member[]
  /** Counts what decisions about members rest on; see `members_revision`. */
  readonly revision: number
}

export interface StoredChange {
  /** As it is afterwards. */
  readonly conversation: Conversation
  readonly add: readonly Member[]
  readonly remove: readonly QualifiedUserId[]
  /** Members with the roles that they have afterwards. */
  readonly promote: readonly Member[]
  /** Whether those who decided by what was before have to look again. */
  readonly isNewRevision: boolean
  readonly now: EventTime
  /** Each event has a time of its own. */
  readonly events: number
}

export const changeStore = (db: Kysely<unknown>) => ({
  standing: async (id: ConversationId): Promise<Standing | undefined> => standing(db, id),

  /** Until the transaction ends nobody else changes it. */
  lockStanding: async (id: ConversationId): Promise<Standing | undefined> => {
    const { rows } = await sql`select id from galley.conversations where id = ${id} for update`.execute(db)
    // A statement of its own: one that waited for the lock would still see the members from before.
    return rows.length === 0 ? undefined : standing(db, id)
  },

  /** The time of the first of its events; the others follow, a millisecond each. */
  applyChange: async (id: ConversationId, change: StoredChange): Promise<EventTime> => {
    const { conversation, add, remove, promote, isNewRevision, now, events } = change
    const { rows } = await sql<{ at: string | number }>`
      with gone as (
        delete from galley.members m using ${users(remove)} as wanted(domain, user_id)
        where m.conversation = ${id} and m.domain = wanted.domain and m.user_id = wanted.user_id
      ), joined as (
        insert into galley.members (conversation, domain, user_id, role)
        select ${id}::uuid, * from ${members(add)} m
      ), promoted as (
        update galley.members m set role = wanted.role from ${members(promote)} as wanted(domain, user_id, role)
        where m.conversation = ${id} and m.domain = wanted.domain and m.user_id = wanted.user_id
      )
      update galley.conversations set name = ${conversation.name}, access = ${conversation.access}::text[],
        access_roles = ${conversation.accessRoles}::text[], message_timer = ${conversation.messageTimer},
        receipt_mode = ${conversation.receiptMode}, members_revision = members_revision + ${isNewRevision ? 1 : 0},
        last_event_at = greatest(last_event_at + 1, ${now}::bigint) + ${events - 1}
      where id = ${id} returning last_event_at - ${events - 1} as at`.execute(db)
    return timeOf(rows)
  },

  /** The time of the event that tells it. */
  deleteConversation: async (id: ConversationId, now: EventTime): Promise<EventTime> => {
    const { rows } = await sql<{ at: string | number }>`
      delete from galley.conversations where id = ${id}
      returning greatest(last_event_at + 1, ${now}::bigint) as at`.execute(db)
    return timeOf(rows)
  },
})

export type ChangeStore = ReturnType<typeof changeStore>

const standing = async (db: Kysely<unknown>, id: ConversationId): Promise<Standing | undefined> => {
  const { rows } = await sql<StandingRow>`
    select ${conversationColumns}, c.members_revision,
      (select json_agg(json_build_array(domain, user_id, role)) from galley.members where conversation = c.id) as members
    from galley.conversations c where c.id = ${id}`.execute(db)
  const [row] = rows
  return (
    row && {
      conversation: conversationOf(row),
      members: (row.members ?? []).map(([domain, user, role]) => ({ user: { domain, id: user }, role })),
      revision: row.members_revision,
    }
  )
}

interface StandingRow extends ConversationColumns {
  readonly members_revision: number
  readonly members: readonly (readonly [Domain, UserId, RoleName])[] | null
}

const users = (of: readonly QualifiedUserId[]) =>
  sql`unnest(${of.map(({ domain }) => domain)}::text[], ${of.map(({ id }) => id)}::uuid[])`

const members = (of: readonly Member[]) =>
  sql`unnest(${of.map(({ user }) => user.domain)}::text[], ${of.map(({ user }) => user.id)}::uuid[],
    ${of.map(({ role }) => role)}::text[])`

const timeOf = (rows: readonly { readonly at: string | number }[]): EventTime => {
  const [row] = rows
  if (!row) throw new Error('a conversation is gone although it was locked')
  return Number(row.at)
}
