/** The only SQL of gundeck. Tables: `migrations/`. */
import { type Kysely, sql } from 'kysely'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { GAP_ROWS_MAX, PAGE_CHARACTERS_MAX, SWEEP_ROWS_MAX } from './limits.ts'
import type { Position } from './notification-id.ts'
import { appending } from './store-appending.ts'

/** One notification for one user, before it has its place. */
export interface Entry {
  readonly user: UserId
  readonly pushId: string
  readonly part: number
  readonly clients: readonly ClientId[]
  /** Connection number of the causing request's token, when it was this user's. */
  readonly originConnection: string | undefined
  /** JSON array of events, ASCII only. */
  readonly payload: string
  /** Unless devices that are away are to be left alone. */
  readonly waking?: Waking
}

/** Not stored: whoever is not woken at once finds the notification when he comes. */
export interface Waking {
  readonly priority: 'low' | 'high'
  /** The device that caused it. */
  readonly except: ClientId | undefined
}

/** Where a user's stream ends, or has been delivered up to. */
export interface StreamEnd {
  readonly at: Position
  readonly seq: number
}

export interface Stored extends StreamEnd {
  readonly entry: Entry
}

export interface Range {
  readonly user: UserId
  /** Exclusive. */
  readonly after: Position
  /** Inclusive. */
  readonly upTo: Position
}

export interface Row {
  readonly at: Position
  readonly clients: readonly string[]
  readonly originConnection: string | undefined
  readonly payload: string
}

export interface Page {
  readonly rows: readonly { readonly at: Position; readonly payload: string }[]
  readonly hasMore: boolean
}

export interface PageQuery {
  readonly after: Position
  readonly client: string | undefined
  readonly size: number
}

export interface GundeckStore {
  /** Those that were not stored before, in the order given. One statement, one commit. */
  append(entries: readonly Entry[], now: Position): Promise<Stored[]>
  /** Users without a stream are absent. */
  ends(users: readonly UserId[]): Promise<Map<UserId, StreamEnd>>
  page(user: UserId, query: PageQuery): Promise<Page>
  last(user: UserId, filter: { client: string | undefined; after: Position }): Promise<Page['rows'][number] | undefined>
  at(user: UserId, filter: { client: string | undefined; at: Position }): Promise<Page['rows'][number] | undefined>
  /** At most one more than `GAP_ROWS_MAX` of each user, in order. */
  ranges(ranges: readonly Range[]): Promise<Map<UserId, Row[]>>
  forgetUser(user: UserId): Promise<void>
  /** Streams that had not acknowledged them have missed something. How many rows went; fewer than `SWEEP_ROWS_MAX` means that it is done. */
  forgetBefore(at: Position): Promise<number>
  keepTransient(id: string, now: Position, body: string): Promise<void>
  transient(id: string): Promise<string | undefined>
  forgetTransientsBefore(at: Position): Promise<void>
}

export interface StoreOptions {
  /** This process's name among replicas, or undefined when there can be none and nobody has to be told. */
  readonly replica: string | undefined
}

export const gundeckStore = (db: Kysely<unknown>, options: StoreOptions): GundeckStore => ({
  append: appending(db, options),
  ends: (users) => ends(db, users),
  page: (user, query) => page(db, user, query),
  last: async (user, { client, after }) => {
    const { rows } = await sql<PageRow>`
      select at, payload from gundeck.notifications
      where user_id = ${user} and at > ${after} and ${addressedTo(client)} order by at desc limit 1`.execute(db)
    return rows[0] && { at: Number(rows[0].at), payload: rows[0].payload }
  },
  at: async (user, { client, at }) => {
    const { rows } = await sql<PageRow>`
      select at, payload from gundeck.notifications
      where user_id = ${user} and at = ${at} and ${addressedTo(client)}`.execute(db)
    return rows[0] && { at: Number(rows[0].at), payload: rows[0].payload }
  },
  ranges: (wanted) => ranges(db, wanted),
  forgetUser: async (user) => {
    await sql`delete from gundeck.notifications where user_id = ${user}`.execute(db)
  },
  forgetBefore: async (at) => {
    const { rows } = await sql<{ gone: Big }>`
      with gone as (
        delete from gundeck.notifications where ctid = any(array(
          select ctid from gundeck.notifications where at < ${at} order by at limit ${SWEEP_ROWS_MAX}))
        returning user_id, at, clients
      ), missed as (
        update gundeck.streams s set has_missed = true where not has_missed and exists (
          select from gone g where g.user_id = s.user_id and g.at > s.acknowledged and g.at <> all(s.beyond)
            and (g.clients = '{}' or s.client = any(g.clients)))
      ) select count(*) as gone from gone`.execute(db)
    return Number(rows[0]?.gone ?? 0)
  },
  keepTransient: async (id, now, body) => {
    await sql`insert into gundeck.transients (id, at, body) values (${id}, ${now}, ${body})`.execute(db)
  },
  transient: async (id) => {
    const { rows } = await sql<{ body: string }>`select body from gundeck.transients where id = ${id}`.execute(db)
    return rows[0]?.body
  },
  forgetTransientsBefore: async (at) => {
    await sql`delete from gundeck.transients where at < ${at}`.execute(db)
  },
})

// Drivers give 64-bit numbers as text, number or bigint.
type Big = string | number | bigint

const ends = async (db: Kysely<unknown>, users: readonly UserId[]): Promise<Map<UserId, StreamEnd>> => {
  const { rows } = await sql<{ user_id: UserId; at: Big; seq: Big }>`
    select user_id, at, seq from gundeck.clocks where user_id = any(${users}::uuid[])`.execute(db)
  return new Map(rows.map(({ user_id: user, at, seq }) => [user, { at: Number(at), seq: Number(seq) }]))
}

interface PageRow {
  readonly at: Big
  readonly payload: string
}

/** Without a client everything; with one what names it or nobody. */
const addressedTo = (client: string | undefined) =>
  client === undefined ? sql`true` : sql`(clients = '{}' or ${client}::text = any(clients))`

// A page ends at its number of rows or of characters, whichever comes first; its first row always fits.
const page = async (db: Kysely<unknown>, user: UserId, { after, client, size }: PageQuery): Promise<Page> => {
  const { rows } = await sql<PageRow & { readonly total: Big }>`
    select at, payload, total from (
      select at, payload, count(*) over () as total,
        sum(octet_length(payload)) over (order by at) - octet_length(payload) as characters_before
      from (
        select at, payload from gundeck.notifications
        where user_id = ${user} and at > ${after} and ${addressedTo(client)} order by at limit ${size + 1}
      ) found
    ) sized where characters_before < ${PAGE_CHARACTERS_MAX} order by at`.execute(db)
  const taken = rows.slice(0, size)
  return {
    rows: taken.map(({ at, payload }) => ({ at: Number(at), payload })),
    hasMore: Number(rows[0]?.total ?? 0) > taken.length,
  }
}

interface RangeRow extends PageRow {
  readonly user_id: UserId
  readonly clients: readonly string[]
  readonly origin_connection: string | null
}

const ranges = async (db: Kysely<unknown>, wanted: readonly Range[]): Promise<Map<UserId, Row[]>> => {
  const { rows } = await sql<RangeRow>`
    select r.user_id, n.at, n.clients, n.origin_connection, n.payload
    from unnest(
      ${wanted.map((range) => range.user)}::uuid[], ${wanted.map((range) => range.after)}::bigint[],
      ${wanted.map((range) => range.upTo)}::bigint[]
    ) as r(user_id, after, up_to)
    cross join lateral (
      select * from gundeck.notifications
      where user_id = r.user_id and at > r.after and at <= r.up_to order by at limit ${GAP_ROWS_MAX + 1}
    ) n order by r.user_id, n.at`.execute(db)
  const byUser = new Map<UserId, Row[]>()
  for (const { user_id: user, at, clients, origin_connection: origin, payload } of rows) {
    const list = byUser.get(user) ?? []
    list.push({ at: Number(at), clients, originConnection: origin ?? undefined, payload })
    byUser.set(user, list)
  }
  return byUser
}
