/** SQL on push tokens. */
import { type Kysely, sql } from 'kysely'
import type { PushToken } from '#src/contract/client/gundeck.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { PUSH_TOKENS_PER_USER_MAX } from './limits.ts'

export interface OwnedToken extends PushToken {
  readonly user: UserId
}

export interface PushTokenStore {
  put(owned: OwnedToken): Promise<void>
  of(users: readonly UserId[]): Promise<OwnedToken[]>
  /** False when the user has no such token. */
  remove(user: UserId, token: string): Promise<boolean>
  /** Those of one device, or all of the user's. */
  forget(user: UserId, client?: ClientId): Promise<void>
}

export const pushTokenStore = (db: Kysely<unknown>): PushTokenStore => ({
  put: (owned) => db.transaction().execute((tx) => put(tx, owned)),

  of: async (users) => {
    const { rows } = await sql<OwnedToken>`
      select user_id as "user", client, transport, app, token from gundeck.push_tokens
      where user_id = any(${users}::uuid[]) order by number`.execute(db)
    return rows
  },

  remove: async (user, token) => {
    const { numAffectedRows } = await sql`
      delete from gundeck.push_tokens where user_id = ${user} and token = ${token}`.execute(db)
    return (numAffectedRows ?? 0n) > 0n
  },

  forget: async (user, client) => {
    const ofDevice = client === undefined ? sql`true` : sql`client = ${client}`
    await sql`delete from gundeck.push_tokens where user_id = ${user} and ${ofDevice}`.execute(db)
  },
})

const put = async (tx: Kysely<unknown>, { user, client, transport, app, token }: OwnedToken): Promise<void> => {
  await sql`
    delete from gundeck.push_tokens
    where transport = ${transport} and app = ${app} and md5(token) = md5(${token}) and token = ${token}`.execute(tx)
  await sql`
    insert into gundeck.push_tokens (user_id, client, transport, app, token)
    values (${user}, ${client}, ${transport}, ${app}, ${token})
    on conflict (user_id, client, transport, app) do update set token = excluded.token, number = default`.execute(tx)
  await sql`
    delete from gundeck.push_tokens where user_id = ${user} and number in (
      select number from gundeck.push_tokens where user_id = ${user}
      order by number desc offset ${PUSH_TOKENS_PER_USER_MAX})`.execute(tx)
}
