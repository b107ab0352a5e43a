/** SQL of guest codes. Those that have expired are as good as none. */
import { type Kysely, sql } from 'kysely'
import type { ConversationId } from '#src/contract/ids.ts'

export interface GuestCode {
  readonly conversation: ConversationId
  readonly key: string
  readonly code: string
  readonly passwordHash: string | null
}

export const codeStore = (db: Kysely<unknown>) => ({
  codeOf: async (conversation: ConversationId, now: Date): Promise<GuestCode | undefined> => {
    const { rows } = await sql<CodeRow>`
      select conversation, key, code, password_hash from galley.guest_codes
      where conversation = ${conversation} and expires_at > ${now}::timestamptz`.execute(db)
    return rows[0] && guestCode(rows[0])
  },

  codeByKey: async (key: string, now: Date): Promise<GuestCode | undefined> => {
    const { rows } = await sql<CodeRow>`
      select conversation, key, code, password_hash from galley.guest_codes
      where key = ${key} and expires_at > ${now}::timestamptz`.execute(db)
    return rows[0] && guestCode(rows[0])
  },

  /** In place of one that may be there. */
  putCode: async ({ conversation, key, code, passwordHash }: GuestCode, expires: Date): Promise<void> => {
    await sql`
      insert into galley.guest_codes (conversation, key, code, password_hash, expires_at)
      values (${conversation}, ${key}, ${code}, ${passwordHash}, ${expires}::timestamptz)
      on conflict (conversation) do update set key = excluded.key, code = excluded.code,
        password_hash = excluded.password_hash, expires_at = excluded.expires_at`.execute(db)
  },

  deleteCode: async (conversation: ConversationId): Promise<void> => {
    await sql`delete from galley.guest_codes where conversation = ${conversation}`.execute(db)
  },
})

export type CodeStore = ReturnType<typeof codeStore>

interface CodeRow {
  readonly conversation: ConversationId
  readonly key: string
  readonly code: string
  readonly password_hash: string | null
}

const guestCode = ({ conversation, key, code, password_hash: passwordHash }: CodeRow): GuestCode => ({
  conversation,
  key,
  code,
  passwordHash,
})
