/**
 * The tables of `migrations/` as Kysely sees them. Identifiers carry their brands: nothing gets into these columns
 * that was not parsed before.
 */
import type { ColumnType, Generated, Kysely, Transaction } from 'kysely'
import type { Capability, DeviceType, MlsPublicKeys } from '#src/contract/client/brig-devices.ts'
import type { AccountStatus } from '#src/contract/client/brig-people.ts'
import type { ProfileAsset } from '#src/contract/federation/users.ts'
import type { ClientId, ConversationId, Domain, Handle, TeamId, UserId } from '#src/contract/ids.ts'
import type { TeamRole, TeamSearchVisibility } from '#src/contract/teams.ts'
import type { BaseProtocol, ClientClass, SearchPolicy } from '#src/contract/vocabulary.ts'
import type { Status } from './connection-rules.ts'

/** Written as JSON text, read as the value. */
type Json<T> = ColumnType<T, string, string>

/** The drivers read 64-bit numbers as text, or as number where they fit. */
type Bigint = ColumnType<string | number, number, number>

export interface UsersTable {
  readonly id: UserId
  readonly name: string
  readonly handle: Handle | null
  readonly email: string | null
  readonly email_key: string | null
  readonly password_hash: string | null
  readonly accent_id: number
  readonly locale: string
  readonly text_status: string | null
  readonly assets: Json<ProfileAsset[]>
  readonly supported_protocols: Json<BaseProtocol[]>
  readonly status: AccountStatus
  readonly expires_at: Date | null
  readonly created_at: Date
  readonly team_id: TeamId | null
  readonly team_role: TeamRole | null
  readonly team_invited_by: UserId | null
  readonly team_joined_at: Date | null
  readonly is_searchable: Generated<boolean>
  readonly email_unvalidated: Generated<string | null>
}

export interface CodesTable {
  readonly purpose: 'activation' | 'password-reset' | 'deletion'
  readonly key: string
  readonly code_hash: Uint8Array
  readonly user_id: UserId | null
  readonly email: string | null
  readonly email_key: string | null
  readonly attempts: Generated<number>
  readonly expires_at: Date
}

export interface RevocationsTable {
  readonly user_id: UserId
  readonly client_id: ClientId | null
  readonly at: Date
}

export interface TeamsTable {
  readonly id: TeamId
  readonly name: string
  readonly icon: string
  readonly icon_key: string | null
  readonly creator: UserId
  readonly search_visibility: Generated<TeamSearchVisibility>
  readonly is_inbound_searchable: Generated<boolean>
  readonly has_guest_links: Generated<boolean>
  readonly created_at: Date
}

export interface TeamInvitationsTable {
  readonly id: string
  readonly team_id: TeamId
  readonly email: string
  readonly email_key: string
  readonly name: string | null
  readonly role: TeamRole
  readonly code: string
  readonly created_by: UserId
  readonly created_at: Date
}

export interface SearchTextsTable {
  readonly user_id: UserId
  readonly text: string
  readonly team_id: TeamId | null
  readonly is_inbound_searchable: boolean
}

export interface SearchProgressTable {
  readonly form: number
  readonly after: UserId | null
  readonly is_complete: boolean
}

export interface CookiesTable {
  readonly user_id: UserId
  readonly id: Bigint
  readonly type: 'session' | 'persistent'
  readonly label: string | null
  readonly client_id: ClientId | null
  readonly successor: ColumnType<string | number | null, number | null, number | null>
  readonly created_at: Date
  readonly expires_at: Date
}

export interface ThrottlesTable {
  readonly kind: string
  readonly subject: string
  readonly count: number
  readonly since: Date
}

export interface LoginAddressesTable {
  readonly user_id: UserId
  readonly network: string
  readonly last_at: Date
}

export interface SigningKeysTable {
  readonly purpose: 'access-token' | 'mls-removal'
  readonly index: number
  readonly private_key: Uint8Array
  readonly created_at: Date
}

export interface PropertiesTable {
  readonly user_id: UserId
  readonly key: string
  readonly value: string
}

export interface ClientsTable {
  readonly user_id: UserId
  readonly id: ClientId
  readonly type: DeviceType
  readonly class: ClientClass | null
  readonly label: string | null
  readonly model: string | null
  readonly cookie: string | null
  readonly capabilities: Json<Capability[]>
  readonly mls_public_keys: Json<MlsPublicKeys>
  readonly created_at: Date
  readonly last_active: Date | null
}

export interface PrekeysTable {
  readonly user_id: UserId
  readonly client_id: ClientId
  readonly id: number
  readonly key: string
}

export interface KeyPackagesTable {
  readonly user_id: UserId
  readonly client_id: ClientId
  readonly suite: number
  readonly ref: Uint8Array
  readonly data: Uint8Array
  readonly expires_at: Date
}

export interface ConnectionsTable {
  readonly user_id: UserId
  readonly other_domain: Domain
  readonly other_id: UserId
  readonly status: Status
  readonly conversation_domain: Domain
  readonly conversation_id: ConversationId
  readonly last_update: Date
  readonly revision: Generated<number>
}

export interface RemotesTable {
  readonly domain: Domain
  readonly search_policy: SearchPolicy
  readonly restriction: 'allow_all' | 'restrict_by_team'
}

export interface RemoteTeamsTable {
  readonly domain: Domain
  readonly team_id: TeamId
}

export interface BrigTables {
  readonly users: UsersTable
  readonly teams: TeamsTable
  readonly team_invitations: TeamInvitationsTable
  readonly search_texts: SearchTextsTable
  readonly search_progress: SearchProgressTable
  readonly cookies: CookiesTable
  readonly codes: CodesTable
  readonly throttles: ThrottlesTable
  readonly login_addresses: LoginAddressesTable
  readonly revocations: RevocationsTable
  readonly signing_keys: SigningKeysTable
  readonly properties: PropertiesTable
  readonly clients: ClientsTable
  readonly prekeys: PrekeysTable
  readonly key_packages: KeyPackagesTable
  readonly connections: ConnectionsTable
  readonly remotes: RemotesTable
  readonly remote_teams: RemoteTeamsTable
}

/** The database, or a transaction on it: what a store function is handed decides what it is part of. */
export type BrigDb = Kysely<BrigTables>

/** For functions that lock, or whose effects belong together with others. */
export type BrigTransaction = Transaction<BrigTables>

declare const announced: unique symbol

/** In which devices may come and go: whoever relies on what they were has been told. See `device-changes.ts`. */
export type DeviceTransaction = BrigTransaction & { readonly [announced]: true }
