/** What the two ways of changing a connection, with a user of ours and with one of another backend, have in common. */
import type { Connection } from '#src/contract/connections.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Announcements } from './announcements.ts'
import { countsAgainstLimit, type Status } from './connection-rules.ts'
import { timestamp } from './profiles.ts'
import { countConnections, type StoredConnection } from './store-connections.ts'
import type { User } from './store-users.ts'
import type { BrigDb } from './tables.ts'

export interface ConnectionNeeds {
  readonly db: BrigDb
  readonly domain: Domain
  readonly announcements: Announcements
  readonly clock: Clock
  /** `sent` and `accepted` together. */
  readonly connectionsMax: number
}

export type Refused = 'invalid-user' | 'connection-limit' | 'bad-transition' | 'team-not-federating'

export type Result =
  | { readonly kind: 'changed'; readonly connection: StoredConnection; readonly isNew: boolean }
  | { readonly kind: 'unchanged'; readonly connection: StoredConnection }

/** As clients see it, from the side of the user whose row it is. */
export const shownConnection = (row: StoredConnection): Connection => ({
  from: row.user_id,
  to: row.other_id,
  qualified_to: { domain: row.other_domain, id: row.other_id },
  status: row.status,
  last_update: timestamp(row.last_update),
  conversation: row.conversation_id,
  qualified_conversation: { domain: row.conversation_domain, id: row.conversation_id },
})

/** For the user whose row it is; `name` is the other one's, where it is known. */
export const connectionEvent = (row: StoredConnection, name: string | undefined): PushedEvent => ({
  type: 'user.connection',
  connection: shownConnection(row),
  ...(name !== undefined && { user: { name } }),
})

export interface StatusChange {
  readonly from: Status | undefined
  readonly to: Status
}

/** Only who wants more than before can reach the limit. */
export const isOverLimit = async (
  db: BrigDb,
  {
    user: { id },
    change,
    connectionsMax,
  }: { readonly user: User; readonly change: StatusChange; readonly connectionsMax: number },
): Promise<boolean> => {
  if (!countsAgainstLimit(change.to) || countsAgainstLimit(change.from)) return false
  return (await countConnections(db, id)) >= connectionsMax
}
