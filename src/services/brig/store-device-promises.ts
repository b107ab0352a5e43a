/** SQL of who was promised to be told before devices change, and of changes under way. */
import { type Kysely, sql } from 'kysely'
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import type { ClientClass } from '#src/contract/vocabulary.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'
import { statement } from '#src/storage/statement.ts'
import type { BrigDb, BrigTransaction } from './tables.ts'

export interface DevicesToPromise {
  readonly user: UserId
  readonly devices: readonly { readonly id: ClientId; readonly class: ClientClass | null }[]
  readonly isChanging: boolean
  /** Whether the one who asks is told of changes that begin after this was read. */
  readonly isWatched: boolean
  readonly isResting: boolean
}

interface Asked {
  readonly users: readonly UserId[]
  readonly watcher: Domain
  readonly now: Date
}

/** All of it as it was at one moment, on which everything depends. */
export const findDevicesToPromise = async (db: BrigDb, asked: Asked): Promise<DevicesToPromise[]> => {
  const rows = await devicesToPromise(db as unknown as Kysely<unknown>, asked)
  return rows.map(({ user_id: user, devices, is_changing: isChanging, is_watched, is_resting }) => ({
    user,
    devices: devices ?? [],
    isChanging,
    isWatched: is_watched ?? false,
    isResting: is_resting ?? false,
  }))
}

interface Row {
  readonly user_id: UserId
  readonly devices: DevicesToPromise['devices'] | null
  readonly is_changing: boolean
  readonly is_watched: boolean | null
  readonly is_resting: boolean | null
}

const devicesToPromise = statement<Asked, Row>(({ users, watcher, now }, db) =>
  sql<Row>`${sql.raw(PREPARED_MARK)}
    select asked.id as user_id,
      (
        select json_agg(json_build_object('id', c.id, 'class', c.class) order by c.created_at, c.id)
        from brig.clients c where c.user_id = asked.id
      ) as devices,
      exists (select from brig.device_changes d where d.user_id = asked.id) as is_changing,
      w.is_watching and w.leaving is null as is_watched,
      w.rests_until > ${now}::timestamptz as is_resting
    from unnest(${users}::uuid[]) as asked(id) left join brig.device_watchers w on w.domain = ${watcher}`.compile(db),
)

/** Unless it rests, or there are too many. It stays a watcher when a round to forget it is under way. */
export const addWatcher = async (
  db: BrigDb,
  { domain, now, watchersMax }: { readonly domain: Domain; readonly now: Date; readonly watchersMax: number },
): Promise<void> => {
  await sql`
    insert into brig.device_watchers as known (domain, is_watching)
    select ${domain}, true
    where (select count(*) from brig.device_watchers where domain <> ${domain}) < ${watchersMax}
    on conflict (domain) do update set is_watching = true, leaving = null, rests_until = null
    where known.rests_until is null or known.rests_until <= ${now}::timestamptz`.execute(db)
}

export const findWatchers = async (db: BrigDb): Promise<Domain[]> => {
  const { rows } = await sql<{ domain: Domain }>`
    select domain from brig.device_watchers where is_watching`.execute(db)
  return rows.map(({ domain }) => domain)
}

/** Undefined when it rests already: then somebody else forgets it. */
export const letRest = async (
  db: BrigDb,
  domain: Domain,
  { round, now, until }: { readonly round: string; readonly now: Date; readonly until: Date },
): Promise<boolean> => {
  const { rows } = await sql`
    update brig.device_watchers set rests_until = ${until}::timestamptz, leaving = ${round}
    where domain = ${domain} and (rests_until is null or rests_until <= ${now}::timestamptz)
    returning domain`.execute(db)
  return rows.length > 0
}

/** All of them. */
export const beginToForget = async (db: BrigDb, round: string): Promise<void> => {
  await sql`update brig.device_watchers set leaving = ${round} where is_watching`.execute(db)
}

/** Those that have not asked since the round began. */
export const forgetWatchers = async (db: BrigDb, round: string): Promise<void> => {
  await sql`
    update brig.device_watchers set is_watching = false, leaving = null where leaving = ${round}`.execute(db)
}

export const forgetRested = async (db: BrigDb, now: Date): Promise<void> => {
  await sql`
    delete from brig.device_watchers
    where not is_watching and (rests_until is null or rests_until <= ${now}::timestamptz)`.execute(db)
}

export const insertChange = async (
  db: BrigDb,
  { id, user, now }: { readonly id: string; readonly user: UserId; readonly now: Date },
): Promise<void> => {
  await sql`insert into brig.device_changes (id, user_id, begun_at) values (${id}, ${user}, ${now}::timestamptz)`.execute(
    db,
  )
}

/** False when it is gone. */
export const deleteChange = async (db: BrigDb | BrigTransaction, id: string): Promise<boolean> => {
  const { rows } = await sql`delete from brig.device_changes where id = ${id} returning id`.execute(db)
  return rows.length > 0
}

export const hasWatchersOrChanges = async (db: BrigDb): Promise<boolean> => {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from brig.device_watchers) or exists (select from brig.device_changes) as has`.execute(db)
  return rows[0]?.has ?? false
}

/** Those that are in a transaction are left to it. */
export const deleteChangesBefore = async (db: BrigDb, before: Date): Promise<void> => {
  await sql`
    delete from brig.device_changes where id = any(array(
      select id from brig.device_changes where begun_at < ${before}::timestamptz for update skip locked
    ))`.execute(db)
}
