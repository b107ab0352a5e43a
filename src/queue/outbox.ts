/**
 * Writing into the queue. Enqueued in the transaction that makes the change, so a crash can neither announce what was
 * not stored nor store what is never announced. The courier reads (`outbox-store.ts`).
 */
import { crc32 } from 'node:zlib'
import { type Kysely, sql } from 'kysely'
import type { Domain } from '#src/contract/ids.ts'
import { BODY_LIMIT_BYTES } from '#src/kit/endpoint.ts'
import { FEDERATION_REQUEST_BYTES_MAX } from '#src/rpc/limits.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'
import { type Bundle, LOCAL_LANE, type LocalCall, localEndpoint } from './letters.ts'
import type { OutboxTables } from './outbox-store.ts'

/** For `Database.schema`, beside the service's own: the tables of this folder in the service's schema. */
export const outboxMigrations = new URL('migrations/', import.meta.url)

/** Rows wait under the courier's eye; this is how it hears of new ones. The payload is `<schema> <lane>`. */
export const OUTBOX_CHANNEL = 'outbox'

/** What goes into one lane as one row. */
export interface Letter {
  readonly lane: string
  readonly text: string
  /** See {@link topicsOf}. Letters that say nothing are all about the same. */
  readonly topics?: readonly number[]
  /** What the text of one for another backend says, so that nobody who gets both has to read it. */
  readonly bundle?: Bundle
}

/**
 * What a letter is about: conversations, and people who are told. Letters of a lane with something in common arrive in
 * the order in which they were written, so that neither a conversation nor what one person reads goes backwards; all
 * others may overtake each other. As numbers, because two things that happen to have the same only wait for each other.
 */
export const topicsOf = (...about: readonly string[]): number[] => [...new Set(about.map((text) => crc32(text) | 0))]

export const NO_TOPICS: readonly number[] = [0]

/** Tells another backend. Returns the row's id. */
export const enqueueRemote = async <DB>(tx: Kysely<DB>, domain: Domain, bundle: Bundle): Promise<string> =>
  enqueueOne(tx, remoteLetter(domain, bundle))

/** Tells one of our own parts, which must take it well to be told twice. Returns the row's id. */
export const enqueueLocal = async <DB>(tx: Kysely<DB>, call: LocalCall): Promise<string> =>
  enqueueOne(tx, localLetter(call))

/** Many at once, in this order, in one statement. Returns the rows' ids. */
export const enqueue = async <DB>(tx: Kysely<DB>, letters: readonly Letter[]): Promise<string[]> => {
  if (letters.length === 0) return []
  // Prepared, so that arrays go in binary: the letters of a large group are megabytes, slow to escape and to parse.
  const rows = await withOutbox(tx)
    .insertInto('outbox')
    .columns(['lane', 'letter', 'topics'])
    .expression(
      sql`${sql.raw(PREPARED_MARK)} select lane, letter, topics::int[] from unnest(
        ${letters.map(({ lane }) => lane)}::text[], ${letters.map(({ text }) => text)}::text[],
        ${letters.map(({ topics = NO_TOPICS }) => `{${topics.join()}}`)}::text[]
      ) with ordinality as l(lane, letter, topics, number) where ${hasNumber} order by number`,
    )
    // Sent when the transaction commits, and not otherwise; equal notes of one transaction are sent once.
    .returning(['id', sql`pg_notify(${OUTBOX_CHANNEL}, ${schemaName} || ' ' || lane)`.as('noted')])
    .execute()
  return rows.map(({ id }) => id)
}

/**
 * True. Whoever takes an id of a row has a number as a transaction before that, so that others can find out whether all
 * who have an id up to some number are done (`continuity.ts`). PostgreSQL evaluates what depends on no row before the
 * first one.
 */
const hasNumber = sql<boolean>`pg_current_xact_id() is not null`

/** A size that no peer takes must be found here, where the one who caused it can be told, and not in the lane. */
export const remoteLetter = (domain: Domain, bundle: Bundle, topics: readonly number[] = NO_TOPICS): Letter => {
  const { notifications } = bundle
  for (const { path, body } of notifications) {
    const bytes = Buffer.byteLength(body)
    if (bytes > FEDERATION_REQUEST_BYTES_MAX) throw new Error(`${path} for ${domain} is too large: ${bytes} bytes`)
  }
  return { lane: domain, text: JSON.stringify({ notifications }), topics, bundle }
}

export const localLetter = ({ target, endpoint, body, requestId }: LocalCall): Letter => {
  const limit = localEndpoint(target, endpoint)?.bodyLimit ?? BODY_LIMIT_BYTES
  const text = JSON.stringify({ target, endpoint, requestId, body })
  if (Buffer.byteLength(text) > limit) throw new Error(`${endpoint} for ${target} is too large: over ${limit} bytes`)
  return { lane: LOCAL_LANE, text }
}

const enqueueOne = async <DB>(tx: Kysely<DB>, letter: Letter): Promise<string> => {
  const [id] = await enqueue(tx, [letter])
  if (id === undefined) throw new Error('the outbox did not take a row')
  return id
}

// Every schema that includes our migrations has these tables, whatever else it has.
const withOutbox = <DB>(db: Kysely<DB>): Kysely<OutboxTables> => db as unknown as Kysely<OutboxTables>

/** The writing service, known by where the row is: nobody has to say it, or can say it wrong. */
const schemaName = sql`(select relnamespace::regnamespace::text from pg_class where pg_class.oid = outbox.tableoid)`
