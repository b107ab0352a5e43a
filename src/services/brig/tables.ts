/** The tables of `migrations/` as Kysely sees them. */
import type { ColumnType, Kysely } from 'kysely'
import type { AccountStatus } from '#src/contract/client/brig-people.ts'
import type { DeviceType } from '#src/contract/client/brig-devices.ts'
import type { SearchPolicy } from '#src/contract/vocabulary.ts'
import type { Status } from './connection-rules.ts'

/** Written as JSON text, read as the value. */
type Json<T> = ColumnType<T, string, string>

export interface UsersTable {
  readonly id: string
  readonly name: string
  readonly name_key: string
  readonly handle: string | null
  readonly email: string | null
  readonly email_key: string | null
  readonly password_hash: string | null
  readonly accent_id: number
  readonly locale: string
  readonly text_status: string | null
  readonly assets: Json<unknown>
  readonly supported_protocols: Json<unknown>
  readonly status: AccountStatus
  readonly expires_at: Date | null
  readonly created_at: Date
}

export interface CookiesTable {
  readonly user_id: string
  /** The drivers give 64-bit numbers as text or as number. */
  readonly id: ColumnType<string | number, number, number>
  readonly type: 'session' | 'persistent'
  readonly label: string | null
  readonly client_id: string | null
  readonly successor: ColumnType<string | number | null, number | null, number | null>
  readonly created_at: Date
  readonly expires_at: Date
}

export interface LoginAttemptsTable {
  readonly user_id: string
  readonly attempts: number
  readonly since: Date
}

export interface SigningKeysTable {
  readonly purpose: 'access-token' | 'mls-removal'
  readonly index: number
  readonly private_key: Uint8Array
  readonly created_at: Date
}

export interface PropertiesTable {
  readonly user_id: string
  readonly key: string
  readonly value: string
}

export interface ClientsTable {
  readonly user_id: string
  readonly id: string
  readonly type: DeviceType
  readonly class: string | null
  readonly label: string | null
  readonly model: string | null
  readonly cookie: string | null
  readonly capabilities: Json<unknown>
  readonly mls_public_keys: Json<unknown>
  readonly created_at: Date
  readonly last_active: Date | null
}

export interface PrekeysTable {
  readonly user_id: string
  readonly client_id: string
  readonly id: number
  readonly key: string
}

export interface ConnectionsTable {
  readonly user_id: string
  readonly other_domain: string
  readonly other_id: string
  readonly status: Status
  readonly conversation_domain: string
  readonly conversation_id: string
  readonly last_update: Date
}

export interface RemotesTable {
  readonly domain: string
  readonly search_policy: SearchPolicy
  readonly restriction: 'allow_all' | 'restrict_by_team'
}

export interface RemoteTeamsTable {
  readonly domain: string
  readonly team_id: string
}

export interface BrigTables {
  readonly users: UsersTable
  readonly cookies: CookiesTable
  readonly login_attempts: LoginAttemptsTable
  readonly signing_keys: SigningKeysTable
  readonly properties: PropertiesTable
  readonly clients: ClientsTable
  readonly prekeys: PrekeysTable
  readonly connections: ConnectionsTable
  readonly remotes: RemotesTable
  readonly remote_teams: RemoteTeamsTable
}

/** The database, or a transaction on it: what a store function is handed decides what it is part of. */
export type BrigDb = Kysely<BrigTables>
