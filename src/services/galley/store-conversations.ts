/** SQL of the conversations that this backend owns. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain, QualifiedUserId, RoleName, TeamId, UserId } from '#src/contract/ids.ts'
import type { ConversationProtocol } from '#src/contract/vocabulary.ts'
import type { Conversation, Member, OwnSettings } from './conversation.ts'
import { type ConversationColumns, conversationColumns, conversationOf } from './store-rows.ts'
import { type SettingsColumns, settingsColumns, settingsOf } from './store-settings.ts'

/** A conversation and how the one who asked for it stands in it. */
export interface FoundConversation {
  readonly conversation: Conversation
  /** For members only: to others it stays empty. */
  readonly members: readonly Member[]
  /** Undefined when he is no member. */
  readonly viewer: { readonly role: RoleName; readonly settings: OwnSettings } | undefined
}

/** What is needed to send into a conversation. */
export interface Addressees {
  readonly protocol: ConversationProtocol
  readonly team: TeamId | null
  readonly members: readonly QualifiedUserId[]
  readonly revision: number
}

export const conversationStore = (db: Kysely<unknown>) => ({
  /** In no particular order; ids of nothing are left out. */
  find: async (ids: readonly ConversationId[], viewer: QualifiedUserId): Promise<FoundConversation[]> => {
    const { rows } = await sql<ConversationRow>`
      select ${conversationColumns},
        v.role as viewer_role, ${settingsColumns('v')},
        case when v.role is not null then (
          select json_agg(json_build_array(m.domain, m.user_id, m.role)) from galley.members m
          where m.conversation = c.id
        ) end as members
      from galley.conversations c
      left join galley.members v on v.conversation = c.id and v.domain = ${viewer.domain} and v.user_id = ${viewer.id}
      where c.id = any(${ids}::uuid[])`.execute(db)
    return rows.map(foundConversation)
  },

  addressees: async (id: ConversationId): Promise<Addressees | undefined> => {
    const { rows } = await sql<AddresseesRow>`
      select protocol, team, members_revision,
        (select json_agg(json_build_array(domain, user_id)) from galley.members where conversation = c.id) as members
      from galley.conversations c where id = ${id}`.execute(db)
    const [row] = rows
    return (
      row && {
        protocol: row.protocol,
        team: row.team,
        revision: row.members_revision,
        members: (row.members ?? []).map(([domain, user]) => ({ domain, id: user })),
      }
    )
  },
})

export type ConversationStore = ReturnType<typeof conversationStore>

interface AddresseesRow {
  readonly protocol: ConversationProtocol
  readonly team: TeamId | null
  readonly members_revision: number
  readonly members: readonly (readonly [Domain, UserId])[] | null
}

interface ConversationRow extends ConversationColumns, SettingsColumns {
  readonly viewer_role: RoleName | null
  readonly members: readonly (readonly [Domain, UserId, RoleName])[] | null
}

const foundConversation = (row: ConversationRow): FoundConversation => ({
  conversation: conversationOf(row),
  members: (row.members ?? []).map(([domain, id, role]) => ({ user: { domain, id }, role })),
  viewer: row.viewer_role === null ? undefined : { role: row.viewer_role, settings: settingsOf(row) },
})
