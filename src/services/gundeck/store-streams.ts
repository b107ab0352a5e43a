/** SQL on the streams of devices that acknowledge what they get. */
import { type Kysely, sql } from 'kysely'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Position } from './notification-id.ts'

export interface Acknowledged {
  /** Everything up to here. */
  readonly upTo: Position
  /** And these after it. */
  readonly beyond: readonly Position[]
}

export interface StoredStream extends Acknowledged {
  readonly hasMissed: boolean
}

export interface StreamStore {
  /** From what is told next on; a stream that there is stays as it is. */
  open(user: UserId, client: ClientId): Promise<void>
  find(user: UserId, client: ClientId): Promise<StoredStream | undefined>
  acknowledge(user: UserId, client: ClientId, acknowledged: Acknowledged): Promise<void>
  /** The device has begun anew. */
  forgive(user: UserId, client: ClientId): Promise<void>
  /** Those of one device, or all of the user's. */
  forget(user: UserId, client?: ClientId): Promise<void>
}

export const streamStore = (db: Kysely<unknown>): StreamStore => ({
  open: async (user, client) => {
    await sql`
      insert into gundeck.streams (user_id, client, acknowledged)
      values (${user}, ${client}, coalesce((select at from gundeck.clocks where user_id = ${user}), 0))
      on conflict do nothing`.execute(db)
  },

  find: async (user, client) => {
    const { rows } = await sql<{ acknowledged: string; beyond: string[]; has_missed: boolean }>`
      select acknowledged, beyond, has_missed from gundeck.streams
      where user_id = ${user} and client = ${client}`.execute(db)
    const [row] = rows
    return row && { upTo: Number(row.acknowledged), beyond: row.beyond.map(Number), hasMissed: row.has_missed }
  },

  // Two connections of one device may acknowledge at the same time; what either has seen counts.
  acknowledge: async (user, client, { upTo, beyond }) => {
    await sql`
      update gundeck.streams set
        acknowledged = greatest(acknowledged, ${upTo}::bigint),
        beyond = array(
          select distinct at from unnest(beyond || ${beyond}::bigint[]) as one(at)
          where at > greatest(acknowledged, ${upTo}::bigint))
      where user_id = ${user} and client = ${client}`.execute(db)
  },

  forgive: async (user, client) => {
    await sql`
      update gundeck.streams set has_missed = false where user_id = ${user} and client = ${client}`.execute(db)
  },

  forget: async (user, client) => {
    const ofDevice = client === undefined ? sql`true` : sql`client = ${client}`
    await sql`delete from gundeck.streams where user_id = ${user} and ${ofDevice}`.execute(db)
  },
})
