/** SQL of changes of members. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedConversationId, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { ConversationType } from '#src/contract/vocabulary.ts'
import type { Member } from './conversation.ts'
import type { EventTime } from './event-times.ts'

export interface LockedConversation {
  readonly type: ConversationType
  readonly members: readonly QualifiedUserId[]
}

export interface MemberChange {
  readonly add: readonly Member[]
  readonly remove: readonly QualifiedUserId[]
  readonly type: ConversationType
  readonly now: EventTime
}

export const memberStore = (db: Kysely<unknown>) => ({
  /** Until the transaction ends nobody else changes it. */
  lock: async (id: ConversationId): Promise<LockedConversation | undefined> => {
    const locked = await sql<{ type: ConversationType }>`
      select type from galley.conversations where id = ${id} for update`.execute(db)
    const [conversation] = locked.rows
    if (!conversation) return undefined
    // A statement of its own: one that waited for the lock would still see the members from before.
    const { rows } = await sql<{ domain: Domain; user_id: UserId }>`
      select domain, user_id from galley.members where conversation = ${id}`.execute(db)
    return { type: conversation.type, members: rows.map((row) => ({ domain: row.domain, id: row.user_id })) }
  },

  /** The time of the change's event. */
  changeMembers: async (id: ConversationId, { add, remove, type, now }: MemberChange): Promise<EventTime> => {
    const { rows } = await sql<{ at: string | number }>`
      with gone as (
        delete from galley.members m
        using unnest(${remove.map(({ domain }) => domain)}::text[], ${remove.map((user) => user.id)}::uuid[])
          as wanted(domain, user_id)
        where m.conversation = ${id} and m.domain = wanted.domain and m.user_id = wanted.user_id
      ), joined as (
        insert into galley.members (conversation, domain, user_id, role)
        select ${id}::uuid, * from unnest(${add.map(({ user }) => user.domain)}::text[],
          ${add.map(({ user }) => user.id)}::uuid[], ${add.map(({ role }) => role)}::text[])
        on conflict do nothing
      )
      update galley.conversations set type = ${type}, members_revision = members_revision + 1,
        last_event_at = greatest(last_event_at + 1, ${now}::bigint)
      where id = ${id} returning last_event_at as at`.execute(db)
    const [row] = rows
    if (!row) throw new Error(`conversation ${id} is gone although it was locked`)
    return Number(row.at)
  },

  /** A user's place in a one-to-one conversation that another backend owns, locked. */
  lockOneToOneMembership: async (
    conversation: QualifiedConversationId,
    user: UserId,
  ): Promise<{ readonly isOtherIn: boolean } | undefined> => {
    const { rows } = await sql<{ other_in: boolean | null }>`
      select other_in from galley.remote_memberships where domain = ${conversation.domain}
        and conversation = ${conversation.id} and user_id = ${user} for update`.execute(db)
    return rows[0] && { isOtherIn: rows[0].other_in === true }
  },

  putOneToOneMembership: async (
    conversation: QualifiedConversationId,
    { user, isOtherIn }: { readonly user: UserId; readonly isOtherIn: boolean },
  ): Promise<void> => {
    await sql`
      insert into galley.remote_memberships (domain, conversation, user_id, other_in)
      values (${conversation.domain}, ${conversation.id}, ${user}, ${isOtherIn})
      on conflict (domain, conversation, user_id) do update set other_in = excluded.other_in`.execute(db)
  },
})

export type MemberStore = ReturnType<typeof memberStore>
