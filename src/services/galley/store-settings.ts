/** The columns of a member's own settings, which two tables have. */
import { sql } from 'kysely'
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
