/** The only SQL of gundeck. Tables: `migrations/`. */
import { type Kysely, sql } from 'kysely'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { statement } from '#src/storage/statement.ts'
import { GAP_ROWS_MAX, PAGE_CHARACTERS_MAX, SWEEP_ROWS_MAX, USERS_PER_NOTE_MAX } from './limits.ts'
import type { Position } from './notification-id.ts'
import { CHANNEL } from './replica-note.ts'

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

export const gundeckStore = (
  db: Kysely<unknown>,
  { replica }: StoreOptions,
  execute = appending(replica),
): GundeckStore => ({
  append: (entries, now) => append(db, { entries, now, execute }),
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

interface Appending {
  readonly entries: readonly Entry[]
  readonly now: Position
}

// Drivers give 64-bit numbers as text, number or bigint.
type Big = string | number | bigint

/**
 * Takes a run of positions from each user's clock, stores, and tells the other replicas, in one statement and so in
 * one commit and one round trip whatever the number of users. The clocks are locked in the order of user ids, so two
 * replicas never wait for each other. The sender repeats a push when our answer is lost, so the insert is harmless the
 * second time: the key is the user, the push's id and the number of the entry in it. No other key is looked at for that: a
 * position that is taken already would be a fault, and nothing may be left out for it in silence.
 */
const append = async (
  db: Kysely<unknown>,
  { entries, now, execute }: Appending & { readonly execute: ReturnType<typeof appending> },
): Promise<Stored[]> => {
  if (entries.length === 0) return []
  const payloads = [...new Set(entries.map((entry) => entry.payload))]
  const numberOfPayload = new Map(payloads.map((payload, index) => [payload, index + 1]))
  const { totals, newer } = placesIn(entries)
  const rows = await execute(db, {
    streams: [...totals.keys()],
    totals: [...totals.values()],
    newer,
    users: entries.map((entry) => entry.user),
    pushIds: entries.map((entry) => entry.pushId),
    parts: entries.map((entry) => entry.part),
    clients: entries.map((entry) => `{${entry.clients.join()}}`),
    origins: entries.map((entry) => entry.originConnection ?? null),
    payloadNumbers: entries.map((entry) => numberOfPayload.get(entry.payload)),
    payloads,
    now,
  })
  return rows
    .toSorted((a, b) => Number(a.ord) - Number(b.ord))
    .map(({ ord, at, seq }) => ({ entry: entryAt(entries, ord), at: Number(at), seq: Number(seq) }))
}

/** How many entries each user gets, and after each entry how many more of the same user. */
const placesIn = (entries: readonly Entry[]) => {
  const totals = new Map<UserId, number>()
  const ranks = entries.map(({ user }) => {
    const rank = (totals.get(user) ?? 0) + 1
    totals.set(user, rank)
    return rank
  })
  return { totals, newer: entries.map(({ user }, index) => (totals.get(user) ?? 0) - (ranks[index] ?? 0)) }
}

interface Appended {
  readonly ord: Big
  readonly at: Big
  readonly seq: Big
}

interface Rows {
  /** Each user once, and how many of the entries are his. */
  readonly streams: readonly UserId[]
  readonly totals: readonly number[]
  /** By entry, how many come after it for the same user. */
  readonly newer: readonly number[]
  readonly users: readonly UserId[]
  readonly pushIds: readonly string[]
  readonly parts: readonly number[]
  /** Each an array as PostgreSQL writes it. */
  readonly clients: readonly string[]
  readonly origins: readonly (string | null)[]
  readonly payloadNumbers: readonly (number | undefined)[]
  readonly payloads: readonly string[]
  readonly now: Position
}

const appending = (replica: string | undefined) =>
  statement<Rows, Appended>(
    ({ streams, totals, users, newer, pushIds, parts, clients, origins, payloadNumbers, payloads, now }, db) =>
      sql<Appended>`/* prepared */
    with ended as (
      insert into gundeck.clocks as clock (user_id, at, seq)
      select user_id, ${now}::bigint + total - 1, total
      from unnest(${streams}::uuid[], ${totals}::int[]) as stream(user_id, total) order by user_id
      on conflict (user_id) do update
        set at = greatest(clock.at + excluded.seq, excluded.at), seq = clock.seq + excluded.seq
      returning user_id, at, seq
    ), placed as (
      select w.*, e.at - w.newer as at, e.seq - w.newer as seq
      from unnest(
        ${users}::uuid[], ${pushIds}::uuid[], ${parts}::int[], ${clients}::text[], ${origins}::text[],
        ${payloadNumbers}::int[], ${newer}::int[]
      ) with ordinality as w(user_id, push_id, part, clients, origin_connection, payload, newer, ord)
      join ended e using (user_id)
    ), stored as (
      insert into gundeck.notifications (user_id, at, push_id, part, clients, origin_connection, payload)
      select p.user_id, p.at, p.push_id, p.part, p.clients::text[], p.origin_connection, t.text
      from placed p join unnest(${payloads}::text[]) with ordinality as t(text, number) on t.number = p.payload
      on conflict (user_id, push_id, part) do nothing
      returning user_id, at
    )
    select p.ord, p.at, p.seq ${replica === undefined ? sql`` : sql`, ${tellReplicas(replica)}`}
    from stored s join placed p using (user_id, at)`.compile(db),
  )

/**
 * Sent by the database when the statement commits, and not otherwise. See `replica-note.ts` for the form. To wake the
 * others costs about as much as to store, so it is left out while nobody else is on the list.
 */
const tellReplicas = (replica: string) => sql`(
  select count(pg_notify(${CHANNEL}, note)) from (
    select json_build_object('from', ${replica}::text, 'stored', json_agg(json_build_array(user_id, at, seq)))::text as note
    from (select *, (row_number() over () - 1) / ${USERS_PER_NOTE_MAX} as chunk from ended) chunked
    where exists (select from gundeck.replicas where id <> ${replica}::uuid) group by chunk
  ) notes
)`

const entryAt = (entries: readonly Entry[], ord: Big): Entry => {
  const entry = entries[Number(ord) - 1]
  if (!entry) throw new Error(`the database placed an entry ${ord} that it was not given`)
  return entry
}

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
