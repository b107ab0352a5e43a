/** SQL on how often something was tried. */
import { sql } from 'kysely'
import type { UserId } from '#src/contract/ids.ts'
import { KNOWN_ADDRESSES_MAX, THROTTLES_KEPT_SECONDS } from './limits.ts'
import type { BrigDb } from './tables.ts'
import type { Throttled } from './throttle.ts'

export interface Tried {
  readonly kind: string
  readonly subject: string
  readonly count: number
  readonly since: Date
}

export const findTries = (db: BrigDb, throttled: readonly Throttled[]): Promise<Tried[]> =>
  db
    .selectFrom('throttles')
    .selectAll()
    .where((row) =>
      row.or(
        throttled.map(({ rule, subject }) => row.and([row('kind', '=', rule.kind), row('subject', '=', subject)])),
      ),
    )
    .execute()

/** One more each; the first one after a window begins the next. In one order, so that two never wait for each other. */
export const addTries = async (db: BrigDb, now: Date, throttled: readonly Throttled[]): Promise<void> => {
  const ordered = throttled.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  for (const { rule, subject } of ordered) {
    const windowStart = new Date(now.getTime() - rule.windowSeconds * 1000)
    await db
      .insertInto('throttles')
      .values({ kind: rule.kind, subject, count: 1, since: now })
      .onConflict((conflict) =>
        conflict.columns(['kind', 'subject']).doUpdateSet({
          count: sql`case when throttles.since <= ${windowStart} then 1 else throttles.count + 1 end`,
          since: sql`case when throttles.since <= ${windowStart} then ${now} else throttles.since end`,
        }),
      )
      .execute()
  }
  const past = new Date(now.getTime() - THROTTLES_KEPT_SECONDS * 1000)
  await db.deleteFrom('throttles').where('since', '<', past).execute()
}

const nameOf = ({ rule, subject }: Throttled): string => `${rule.kind} ${subject}`

export const forgetTries = async (db: BrigDb, { rule, subject }: Throttled): Promise<void> => {
  await db.deleteFrom('throttles').where('kind', '=', rule.kind).where('subject', '=', subject).execute()
}

/** From where an account was logged in to with success, the newest first to be kept. */
export const rememberAddress = async (
  db: BrigDb,
  user: UserId,
  { network, now }: { readonly network: string; readonly now: Date },
): Promise<void> => {
  await db
    .insertInto('login_addresses')
    .values({ user_id: user, network, last_at: now })
    .onConflict((conflict) => conflict.columns(['user_id', 'network']).doUpdateSet({ last_at: now }))
    .execute()
  await db
    .deleteFrom('login_addresses')
    .where('user_id', '=', user)
    .where('network', 'not in', (rows) =>
      rows
        .selectFrom('login_addresses as newest')
        .select('newest.network')
        .where('newest.user_id', '=', user)
        .orderBy('newest.last_at', 'desc')
        .limit(KNOWN_ADDRESSES_MAX),
    )
    .execute()
}

export const isKnownAddress = async (db: BrigDb, user: UserId, network: string): Promise<boolean> => {
  const found = await db
    .selectFrom('login_addresses')
    .select('network')
    .where('user_id', '=', user)
    .where('network', '=', network)
    .executeTakeFirst()
  return found !== undefined
}
