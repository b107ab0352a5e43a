/** SQL of the conversations that this backend owns. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedUserId, RoleName, UserId } from '#src/contract/ids.ts'
import type { Access, AccessRole, ConversationProtocol, ConversationType } from '#src/contract/vocabulary.ts'
import type { Conversation, Member, OwnSettings } from './conversation.ts'
import type { EventTime } from './event-times.ts'
import { type SettingsColumns, settingsColumns, settingsOf } from './store-settings.ts'

/** A conversation and how the one who asked for it stands in it. */
export interface FoundConversation {
  readonly conversation: Conversation
  readonly members: readonly Member[]
  /** Undefined when he is no member. */
  readonly viewer: { readonly role: RoleName; readonly settings: OwnSettings } | undefined
}

/** What is needed to send into a conversation. */
export interface Addressees {
  readonly protocol: ConversationProtocol
  readonly members: readonly QualifiedUserId[]
  readonly revision: number
}

export interface NewConversation {
  readonly conversation: Conversation
  readonly members: readonly Member[]
  readonly at: EventTime
  /** When other backends still have to agree. */
  readonly unconfirmedSince: Date | null
}

export const conversationStore = (db: Kysely<unknown>) => ({
  /** In no particular order; ids of nothing are left out. */
  find: async (ids: readonly ConversationId[], viewer: QualifiedUserId): Promise<FoundConversation[]> => {
    const { rows } = await sql<ConversationRow>`
      select c.id, c.type, c.creator, c.name, c.access, c.access_roles, c.protocol, c.message_timer, c.receipt_mode,
        v.role as viewer_role, ${settingsColumns('v')},
        (select json_agg(json_build_array(m.domain, m.user_id, m.role)) from galley.members m
          where m.conversation = c.id) as members
      from galley.conversations c
      left join galley.members v on v.conversation = c.id and v.domain = ${viewer.domain} and v.user_id = ${viewer.id}
      where c.id = any(${ids}::uuid[])`.execute(db)
    return rows.map(foundConversation)
  },

  addressees: async (id: ConversationId): Promise<Addressees | undefined> => {
    const { rows } = await sql<AddresseesRow>`
      select protocol, members_revision,
        (select json_agg(json_build_array(domain, user_id)) from galley.members where conversation = c.id) as members
      from galley.conversations c where id = ${id}`.execute(db)
    const [row] = rows
    return row && {
      protocol: row.protocol,
      revision: row.members_revision,
      members: (row.members ?? []).map(([domain, user]) => ({ domain, id: user })),
    }
  },

  /** False when there is one with this id already; then nothing is changed. */
  create: async ({ conversation, members, at, unconfirmedSince }: NewConversation): Promise<boolean> => {
    const { rows } = await sql<{ id: string }>`
      with created as (
        insert into galley.conversations (id, type, creator, name, access, access_roles, protocol, message_timer,
          receipt_mode, last_event_at, unconfirmed_since)
        values (${conversation.id}, ${conversation.type}, ${conversation.creator}, ${conversation.name},
          ${conversation.access}::text[], ${conversation.accessRoles}::text[], ${conversation.protocol},
          ${conversation.messageTimer}, ${conversation.receiptMode}, ${at}, ${unconfirmedSince}::timestamptz)
        on conflict (id) do nothing returning id
      ), joined as (
        insert into galley.members (conversation, domain, user_id, role)
        select created.id, m.* from created, unnest(${members.map(({ user }) => user.domain)}::text[],
          ${members.map(({ user }) => user.id)}::uuid[], ${members.map(({ role }) => role)}::text[]) m
      )
      select id from created`.execute(db)
    return rows.length > 0
  },

  /**
   * The time of the next event, later than all before; until the transaction ends nobody else gets one. Undefined
   * when the members are no longer those of `revision`, or there is no such conversation any more.
   */
  takeTime: async (id: ConversationId, { now, revision }: { now: EventTime; revision: number }) => {
    const { rows } = await sql<{ at: string | number }>`
      update galley.conversations set last_event_at = greatest(last_event_at + 1, ${now}::bigint)
      where id = ${id} and members_revision = ${revision} returning last_event_at as at`.execute(db)
    return rows[0] && Number(rows[0].at)
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
    return row && {
      creator: row.creator,
      lastEvent: Number(row.last_event_at),
      members: (row.members ?? []).map(([domain, user]) => ({ domain, id: user })),
    }
  },

  unconfirmedBefore: async (before: Date, limit: number): Promise<ConversationId[]> => {
    const { rows } = await sql<{ id: ConversationId }>`
      select id from galley.conversations where unconfirmed_since < ${before}::timestamptz
      order by unconfirmed_since limit ${limit}`.execute(db)
    return rows.map(({ id }) => id)
  },
})

export type ConversationStore = ReturnType<typeof conversationStore>

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

interface AddresseesRow {
  readonly protocol: ConversationProtocol
  readonly members_revision: number
  readonly members: readonly (readonly [Domain, UserId])[] | null
}

interface ConversationRow extends SettingsColumns {
  readonly id: ConversationId
  readonly type: ConversationType
  readonly creator: UserId
  readonly name: string | null
  readonly access: readonly Access[]
  readonly access_roles: readonly AccessRole[]
  readonly protocol: ConversationProtocol
  // Drivers give 64-bit numbers as text, number or bigint.
  readonly message_timer: string | number | bigint | null
  readonly receipt_mode: number | null
  readonly viewer_role: RoleName | null
  readonly members: readonly (readonly [Domain, UserId, RoleName])[] | null
}

const foundConversation = (row: ConversationRow): FoundConversation => ({
  conversation: {
    id: row.id,
    type: row.type,
    creator: row.creator,
    name: row.name,
    access: row.access,
    accessRoles: row.access_roles,
    protocol: row.protocol,
    messageTimer: row.message_timer === null ? null : Number(row.message_timer),
    receiptMode: row.receipt_mode,
  },
  members: (row.members ?? []).map(([domain, id, role]) => ({ user: { domain, id }, role })),
  viewer: row.viewer_role === null ? undefined : { role: row.viewer_role, settings: settingsOf(row) },
})
