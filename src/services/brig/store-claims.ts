/** SQL that hands out prekeys. */
import { sql } from 'kysely'
import { LAST_RESORT_PREKEY_ID } from '#src/contract/client/brig-devices.ts'
import type { Prekey } from '#src/contract/federation/users.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { ClientOfUser } from './store-devices.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'
import type { BrigDb } from './tables.ts'

const PREPARED = sql.raw(PREPARED_MARK)

export interface WantedPrekeys extends ClientOfUser {
  readonly count: number
}

export interface TakenPrekey extends ClientOfUser {
  readonly prekey: Prekey
}

/**
 * Takes so many prekeys of each of these devices, each of which stands there once, or as many as are left. Two claims at
 * the same time never get the same one: what one of them has locked the other skips.
 *
 * Deleted by their places in the table, which the lock keeps where they are: joined by key, a batch of unknown size makes
 * the planner read all prekeys of everybody.
 */
export const takePrekeys = async (db: BrigDb, wanted: readonly WantedPrekeys[]): Promise<TakenPrekey[]> => {
  const { rows } = await sql<PrekeyRow>`${PREPARED}
    delete from brig.prekeys where ctid = any(array(
      select free.place from ${wantedTable(wanted)} cross join lateral (
        select one.ctid as place from brig.prekeys as one
        where one.user_id = wanted.user_id and one.client_id = wanted.client_id and one.id <> ${LAST_RESORT_PREKEY_ID}
        order by one.id limit wanted.count for update skip locked
      ) as free
    )) returning user_id, client_id, id, key`.execute(db)
  return rows.map(takenOf)
}

/** Those of these devices; they stay where they are. */
export const lastResorts = async (db: BrigDb, wanted: readonly ClientOfUser[]): Promise<TakenPrekey[]> => {
  const rows = await db
    .selectFrom(wantedTable(wanted.map((device) => ({ ...device, count: 1 }))))
    .innerJoin('prekeys', (join) =>
      join
        .onRef('prekeys.user_id', '=', 'wanted.user_id')
        .onRef('prekeys.client_id', '=', 'wanted.client_id')
        .on('prekeys.id', '=', LAST_RESORT_PREKEY_ID),
    )
    .select(['prekeys.user_id', 'prekeys.client_id', 'prekeys.id', 'prekeys.key'])
    .execute()
  return rows.map(takenOf)
}

interface PrekeyRow extends Prekey {
  readonly user_id: UserId
  readonly client_id: ClientId
}

const takenOf = ({ user_id: user, client_id: client, id, key }: PrekeyRow): TakenPrekey => ({
  user,
  client,
  prekey: { id, key },
})

interface WantedRow {
  readonly user_id: UserId
  readonly client_id: ClientId
  readonly count: number
}

const wantedTable = (wanted: readonly WantedPrekeys[]) =>
  sql<WantedRow>`json_to_recordset(${JSON.stringify(
    wanted.map(({ user, client, count }) => ({ user_id: user, client_id: client, count })),
  )}::json)`.as<'wanted'>(sql`wanted(user_id uuid, client_id text, count integer)`)
