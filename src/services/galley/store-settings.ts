/** The columns of a member's own settings, which two tables have. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, QualifiedConversationId, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { NO_SETTINGS, type OwnSettings } from './conversation.ts'

/** All are null where the member is missing from an outer join. */
export interface SettingsColumns {
  readonly otr_muted_status: number | null
  readonly otr_muted_ref: string | null
  readonly otr_archived: boolean | null
  readonly otr_archived_ref: string | null
  readonly hidden: boolean | null
  readonly hidden_ref: string | null
}

export const settingsColumns = (table: string) => {
  const t = sql.table(table)
  return sql`${t}.otr_muted_status, ${t}.otr_muted_ref, ${t}.otr_archived, ${t}.otr_archived_ref, ${t}.hidden, ${t}.hidden_ref`
}

export const settingsOf = (row: SettingsColumns): OwnSettings => ({
  otrMutedStatus: row.otr_muted_status,
  otrMutedRef: row.otr_muted_ref,
  otrArchived: row.otr_archived ?? NO_SETTINGS.otrArchived,
  otrArchivedRef: row.otr_archived_ref,
  hidden: row.hidden ?? NO_SETTINGS.hidden,
  hiddenRef: row.hidden_ref,
})

/** Those that are not given stay as they are. */
export interface GivenSettings {
  readonly otr_muted_status?: number
  readonly otr_muted_ref?: string
  readonly otr_archived?: boolean
  readonly otr_archived_ref?: string
  readonly hidden?: boolean
  readonly hidden_ref?: string
}

export const settingsStore = (db: Kysely<unknown>) => ({
  /** False when the user is not in it. */
  updateSettings: async (id: ConversationId, user: QualifiedUserId, given: GivenSettings): Promise<boolean> => {
    const { numAffectedRows } = await sql`
      update galley.members set ${assignments(given)}
      where conversation = ${id} and domain = ${user.domain} and user_id = ${user.id}`.execute(db)
    return numAffectedRows === 1n
  },

  /** The same for a conversation that another backend owns. */
  updateRemoteSettings: async (
    { domain, id }: QualifiedConversationId,
    user: UserId,
    given: GivenSettings,
  ): Promise<boolean> => {
    const { numAffectedRows } = await sql`
      update galley.remote_memberships set ${assignments(given)}
      where domain = ${domain} and conversation = ${id} and user_id = ${user}`.execute(db)
    return numAffectedRows === 1n
  },
})

export type SettingsStore = ReturnType<typeof settingsStore>

const assignments = (given: GivenSettings) => sql`
  otr_muted_status = coalesce(${given.otr_muted_status ?? null}::integer, otr_muted_status),
  otr_muted_ref = coalesce(${given.otr_muted_ref ?? null}::text, otr_muted_ref),
  otr_archived = coalesce(${given.otr_archived ?? null}::boolean, otr_archived),
  otr_archived_ref = coalesce(${given.otr_archived_ref ?? null}::text, otr_archived_ref),
  hidden = coalesce(${given.hidden ?? null}::boolean, hidden),
  hidden_ref = coalesce(${given.hidden_ref ?? null}::text, hidden_ref)`
