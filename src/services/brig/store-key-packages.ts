/** SQL on MLS key packages. */
import { sql } from 'kysely'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { BrigDb } from './tables.ts'

export interface OwnedBy {
  readonly user: UserId
  readonly client: ClientId
}

export interface NewKeyPackage {
  readonly suite: number
  readonly ref: Uint8Array
  readonly data: Uint8Array
  readonly expiresAt: Date
}

/** The same package again changes nothing. */
export const insertKeyPackages = async (
  db: BrigDb,
  { user, client }: OwnedBy,
  added: readonly NewKeyPackage[],
): Promise<void> => {
  if (added.length === 0) return
  await db
    .insertInto('key_packages')
    .values(
      added.map(({ suite, ref, data, expiresAt }) => ({
        user_id: user,
        client_id: client,
        suite,
        ref,
        data,
        expires_at: expiresAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export const deleteKeyPackages = async (
  db: BrigDb,
  { user, client }: OwnedBy,
  { suite, refs }: { readonly suite: number; readonly refs: readonly Uint8Array[] },
): Promise<void> => {
  if (refs.length === 0) return
  await db
    .deleteFrom('key_packages')
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .where('suite', '=', suite)
    .where('ref', 'in', [...refs])
    .execute()
}

export const deleteKeyPackagesOfSuites = async (
  db: BrigDb,
  { user, client }: OwnedBy,
  suites: readonly number[],
): Promise<void> => {
  if (suites.length === 0) return
  await db
    .deleteFrom('key_packages')
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .where('suite', 'in', [...suites])
    .execute()
}

/** Called where new ones are added, so that they do not pile up. */
export const deleteExpiredKeyPackages = async (db: BrigDb, { user, client }: OwnedBy, now: Date): Promise<void> => {
  await db
    .deleteFrom('key_packages')
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .where('expires_at', '<=', now)
    .execute()
}

export interface Usable {
  readonly suite: number
  readonly now: Date
}

export const countKeyPackages = async (
  db: BrigDb,
  { user, client }: OwnedBy,
  { suite, now }: Usable,
): Promise<number> => {
  const { count } = await db
    .selectFrom('key_packages')
    .select((select) => select.fn.countAll<string | number>().as('count'))
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .where('suite', '=', suite)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Of all suites together. */
export const countAllKeyPackages = async (db: BrigDb, { user, client }: OwnedBy): Promise<number> => {
  const { count } = await db
    .selectFrom('key_packages')
    .select((select) => select.fn.countAll<string | number>().as('count'))
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Which devices of a user have one. */
export const findDevicesWithKeyPackages = async (
  db: BrigDb,
  user: UserId,
  { suite, now }: Usable,
): Promise<Set<ClientId>> => {
  const rows = await db
    .selectFrom('key_packages')
    .select('client_id')
    .distinct()
    .where('user_id', '=', user)
    .where('suite', '=', suite)
    .where('expires_at', '>', now)
    .execute()
  return new Set(rows.map((row) => row.client_id))
}

export interface TakenKeyPackage {
  readonly client: ClientId
  readonly ref: Buffer
  readonly data: Buffer
}

/**
 * Takes one key package of each device of a user that has one, except one device. Two claims at the same time never
 * get the same one: what one of them has locked the other skips.
 */
export const takeKeyPackages = async (
  db: BrigDb,
  user: UserId,
  { suite, now, except }: Usable & { readonly except: ClientId | undefined },
): Promise<TakenKeyPackage[]> => {
  const rows = await db
    .with('picked', (select) =>
      select
        .selectFrom('clients')
        .crossJoinLateral((each) =>
          each
            .selectFrom('key_packages as one')
            .select(['one.user_id', 'one.client_id', 'one.suite', 'one.ref'])
            .whereRef('one.user_id', '=', 'clients.user_id')
            .whereRef('one.client_id', '=', 'clients.id')
            .where('one.suite', '=', suite)
            .where('one.expires_at', '>', now)
            .orderBy('one.ref')
            .limit(1)
            .forUpdate()
            .skipLocked()
            .as('free'),
        )
        .where('clients.user_id', '=', user)
        .where('clients.id', '!=', except ?? sql<ClientId>`''`)
        .select(['free.user_id', 'free.client_id', 'free.suite', 'free.ref']),
    )
    .deleteFrom('key_packages')
    .using('picked')
    .whereRef('key_packages.user_id', '=', 'picked.user_id')
    .whereRef('key_packages.client_id', '=', 'picked.client_id')
    .whereRef('key_packages.suite', '=', 'picked.suite')
    .whereRef('key_packages.ref', '=', 'picked.ref')
    .returning(['key_packages.client_id', 'key_packages.ref', 'key_packages.data'])
    .execute()
  return rows.map(({ client_id: client, ref, data }) => ({ client, ref: Buffer.from(ref), data: Buffer.from(data) }))
}
