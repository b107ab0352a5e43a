/** SQL on devices and their prekeys. */
import { sql, type Insertable, type Kysely, type Selectable, type Updateable } from 'kysely'
import type { Prekey } from '#src/contract/federation/users.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'
import { statement } from '#src/storage/statement.ts'
import type { BrigDb, ClientsTable, DeviceTransaction } from './tables.ts'

export type StoredDevice = Selectable<ClientsTable>

export const insertDevice = async (tx: DeviceTransaction, device: Insertable<ClientsTable>): Promise<void> => {
  await tx.insertInto('clients').values(device).execute()
}

export const findDevices = (db: BrigDb, user: UserId): Promise<StoredDevice[]> =>
  db.selectFrom('clients').selectAll().where('user_id', '=', user).orderBy('created_at').orderBy('id').execute()

export const findDevice = (db: BrigDb, user: UserId, id: ClientId): Promise<StoredDevice | undefined> =>
  db.selectFrom('clients').selectAll().where('user_id', '=', user).where('id', '=', id).executeTakeFirst()

type KnownDevice = Pick<StoredDevice, 'user_id' | 'id' | 'class' | 'mls_public_keys'>

export const findDevicesOf = (db: BrigDb, users: readonly UserId[]): Promise<KnownDevice[]> =>
  devicesOf(db as unknown as Kysely<unknown>, { users })

const devicesOf = statement<{ readonly users: readonly UserId[] }, KnownDevice>(({ users }, db) =>
  (db as unknown as BrigDb)
    .selectFrom('clients')
    .modifyFront(sql.raw(PREPARED_MARK))
    .select(['user_id', 'id', 'class', 'mls_public_keys'])
    .where('user_id', '=', sql<UserId>`any(${users}::uuid[])`)
    .orderBy('created_at')
    .orderBy('id')
    .compile(),
)

export const updateDevice = async (
  db: BrigDb,
  { user, id }: { readonly user: UserId; readonly id: ClientId },
  changes: Updateable<ClientsTable>,
): Promise<void> => {
  if (Object.keys(changes).length === 0) return
  await db.updateTable('clients').set(changes).where('user_id', '=', user).where('id', '=', id).execute()
}

export const setLastActive = async (db: BrigDb, { user, client }: ClientOfUser, until: Date): Promise<void> => {
  await db
    .updateTable('clients')
    .set({ last_active: until })
    .where('user_id', '=', user)
    .where('id', '=', client)
    .where((device) => device.or([device('last_active', 'is', null), device('last_active', '<', until)]))
    .execute()
}

/** Its prekeys and key packages go with it. */
export const deleteDevice = async (tx: DeviceTransaction, user: UserId, id: ClientId): Promise<void> => {
  await tx.deleteFrom('clients').where('user_id', '=', user).where('id', '=', id).execute()
}

/** A prekey with an id that the device already has replaces it. */
export const putPrekeys = async (
  db: BrigDb,
  { user, id }: { readonly user: UserId; readonly id: ClientId },
  prekeys: readonly Prekey[],
): Promise<void> => {
  // One statement cannot meet a row twice; of two keys with one id the later counts.
  const byId = [...new Map(prekeys.map((prekey) => [prekey.id, prekey])).values()]
  if (byId.length === 0) return
  await db
    .insertInto('prekeys')
    .columns(['user_id', 'client_id', 'id', 'key'])
    .expression((select) =>
      select
        .selectFrom(
          sql<{ id: number; key: string }>`json_to_recordset(${JSON.stringify(byId)}::json)`.as<'given'>(
            sql`given(id integer, key text)`,
          ),
        )
        .select([sql`${user}::uuid`.as('user_id'), sql`${id}::text`.as('client_id'), 'given.id', 'given.key']),
    )
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'client_id', 'id']).doUpdateSet((prekey) => ({ key: prekey.ref('excluded.key') })),
    )
    .execute()
}

export const findPrekeyIds = async (db: BrigDb, user: UserId, id: ClientId): Promise<number[]> => {
  const rows = await db
    .selectFrom('prekeys')
    .select('id')
    .where('user_id', '=', user)
    .where('client_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}

export interface ClientOfUser {
  readonly user: UserId
  readonly client: ClientId
}
