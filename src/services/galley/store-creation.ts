/** SQL of creating conversations, which other backends may have to agree to. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Conversation, Member } from './conversation.ts'
import type { EventTime } from './event-times.ts'

export interface NewConversation {
  readonly conversation: Conversation
  readonly members: readonly Member[]
  readonly at: EventTime
  /** When other backends still have to agree. */
  readonly unconfirmedSince: Date | null
}

export const creationStore = (db: Kysely<unknown>) => ({
  /** False when there is one with this id already; then nothing is changed. */
  create: async ({ conversation, members, at, unconfirmedSince }: NewConversation): Promise<boolean> => {
    const { rows } = await sql<{ id: string }>`
      with created as (
        insert into galley.conversations (id, type, creator, name, access, access_roles, protocol, message_timer,
          receipt_mode, team, parent, last_event_at, unconfirmed_since)
        values (${conversation.id}, ${conversation.type}, ${conversation.creator}, ${conversation.name},
          ${conversation.access}::text[], ${conversation.accessRoles}::text[], ${conversation.protocol},
          ${conversation.messageTimer}, ${conversation.receiptMode}, ${conversation.team}, ${conversation.parent ?? null},
          ${at}, ${unconfirmedSince}::timestamptz)
        on conflict (id) do nothing returning id
      ), joined as (
        insert into galley.members (conversation, domain, user_id, role)
        select created.id, m.* from created, unnest(${members.map(({ user }) => user.domain)}::text[],
          ${members.map(({ user }) => user.id)}::uuid[], ${members.map(({ role }) => role)}::text[]) m
      )
      select id from created`.execute(db)
    return rows.length > 0
  },

  /** False when it was undone meanwhile. */
  confirm: async (id: ConversationId, lastEvent: EventTime): Promise<boolean> => {
    const { rows } = await sql`
      update galley.conversations
      set unconfirmed_since = null, last_event_at = greatest(last_event_at, ${lastEvent}::bigint)
      where id = ${id} and unconfirmed_since is not null returning id`.execute(db)
    return rows.length > 0
  },

  /** The remote backends that may know it, or undefined when it was confirmed or is gone. */
  undoCreation: async (id: ConversationId): Promise<Undone | undefined> => {
    const { rows } = await sql<UndoneRow>`
      with members as (
        select domain, user_id from galley.members where conversation = ${id}
      ), gone as (
        delete from galley.conversations where id = ${id} and unconfirmed_since is not null returning creator, last_event_at
      )
      select creator, last_event_at, (select json_agg(json_build_array(domain, user_id)) from members) as members
      from gone`.execute(db)
    const [row] = rows
    return (
      row && {
        creator: row.creator,
        lastEvent: Number(row.last_event_at),
        members: (row.members ?? []).map(([domain, user]) => ({ domain, id: user })),
      }
    )
  },

  unconfirmedBefore: async (before: Date, limit: number): Promise<ConversationId[]> => {
    const { rows } = await sql<{ id: ConversationId }>`
      select id from galley.conversations where unconfirmed_since < ${before}::timestamptz
      order by unconfirmed_since limit ${limit}`.execute(db)
    return rows.map(({ id }) => id)
  },
})

export type CreationStore = ReturnType<typeof creationStore>

export interface Undone {
  readonly creator: UserId
  readonly lastEvent: EventTime
  readonly members: readonly QualifiedUserId[]
}

interface UndoneRow {
  readonly creator: UserId
  readonly last_event_at: string | number
  readonly members: readonly (readonly [Domain, UserId])[] | null
}
