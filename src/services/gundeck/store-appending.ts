/** SQL of appending notifications to the streams of their users. */
import { type Kysely, sql } from 'kysely'
import type { UserId } from '#src/contract/ids.ts'
import { statement } from '#src/storage/statement.ts'
import { USERS_PER_NOTE_MAX } from './limits.ts'
import type { Position } from './notification-id.ts'
import { CHANNEL } from './replica-note.ts'
import type { Entry, GundeckStore, Stored, StoreOptions } from './store.ts'

/**
 * Takes a run of positions from each user's clock, stores, and tells the other replicas, in one statement and so in
 * one commit and one round trip whatever the number of users. The clocks are locked in the order of user ids, so two
 * replicas never wait for each other. The sender repeats a push when our answer is lost, so the insert is harmless the
 * second time: the key is the user, the push's id and the number of the entry in it. No other key is looked at for that: a
 * position that is taken already would be a fault, and nothing may be left out for it in silence.
 *
 * An entry that came alone has a shorter statement, in which nothing is joined or counted. A server that has little to do
 * is at the parts of a statement that do nothing for as long as at those that do something.
 */
export const appending = (db: Kysely<unknown>, { replica }: StoreOptions): GundeckStore['append'] => {
  const [insertLone, insertMany] = [insertingLone(replica), insertingMany(replica)]
  const lone = async (entry: Entry, now: Position): Promise<Stored[]> => {
    const { user, pushId, part, clients, originConnection: origin, payload } = entry
    const rows = await insertLone(db, { user, now, pushId, part, clients: arrayOf(clients), origin, payload })
    return rows.map(({ at, seq }) => ({ entry, at: Number(at), seq: Number(seq) }))
  }
  const many = async (entries: readonly Entry[], now: Position): Promise<Stored[]> => {
    const rows = await insertMany(db, { ...columnsOf(entries), now })
    return rows
      .toSorted((a, b) => Number(a.ord) - Number(b.ord))
      .map(({ ord, at, seq }) => ({ entry: entryAt(entries, ord), at: Number(at), seq: Number(seq) }))
  }
  return async (entries, now) => {
    const [entry, ...more] = entries
    if (!entry) return []
    return more.length === 0 ? lone(entry, now) : many(entries, now)
  }
}

/** As PostgreSQL writes it. Names of devices need no quotes. */
const arrayOf = (clients: Entry['clients']): string => `{${clients.join()}}`

// Drivers give 64-bit numbers as text, number or bigint.
type Big = string | number | bigint

interface Place {
  readonly at: Big
  readonly seq: Big
}

interface LoneRow extends Omit<Entry, 'clients' | 'originConnection' | 'waking'> {
  readonly clients: string
  readonly origin: string | undefined
  readonly now: Position
}

const insertingLone = (replica: string | undefined) =>
  statement<LoneRow, Place>(({ user, pushId, part, clients, origin, payload, now }, db) =>
    sql<Place>`/* prepared */
    with ended as (
      insert into gundeck.clocks as clock (user_id, at, seq) values (${user}::uuid, ${now}::bigint, 1)
      on conflict (user_id) do update
        set at = greatest(clock.at + 1, excluded.at), seq = clock.seq + 1
      returning user_id, at, seq
    ), stored as (
      insert into gundeck.notifications (user_id, at, push_id, part, clients, origin_connection, payload)
      select user_id, at, ${pushId}::uuid, ${part}::int, ${clients}::text[], ${origin}, ${payload} from ended
      on conflict (user_id, push_id, part) do nothing
      returning user_id
    )
    select e.at, e.seq ${replica === undefined ? sql`` : sql`, ${tellReplicasOfOne(replica)}`}
    from stored cross join ended e`.compile(db),
  )

/** See {@link tellReplicas}. */
const tellReplicasOfOne = (replica: string) => sql`(
  select pg_notify(
    ${CHANNEL}, json_build_object('from', ${replica}::text, 'stored', json_build_array(json_build_array(user_id, at, seq)))::text
  )::text from ended where exists (select from gundeck.replicas where id <> ${replica}::uuid)
)`

const columnsOf = (entries: readonly Entry[]): Omit<Rows, 'now'> => {
  const payloads = [...new Set(entries.map((entry) => entry.payload))]
  const numberOfPayload = new Map(payloads.map((payload, index) => [payload, index + 1]))
  const { totals, newer } = placesIn(entries)
  return {
    streams: [...totals.keys()],
    totals: [...totals.values()],
    newer,
    users: entries.map((entry) => entry.user),
    pushIds: entries.map((entry) => entry.pushId),
    parts: entries.map((entry) => entry.part),
    clients: entries.map((entry) => arrayOf(entry.clients)),
    origins: entries.map((entry) => entry.originConnection ?? null),
    payloadNumbers: entries.map((entry) => numberOfPayload.get(entry.payload)),
    payloads,
  }
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

interface Appended extends Place {
  readonly ord: Big
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

const insertingMany = (replica: string | undefined) =>
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
