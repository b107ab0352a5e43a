/**
 * SQL of accepting a message that came alone. What {@link acceptLone} leaves out of the statement for many is what many
 * need: an order of locks, places among each other, and letters that are written before their time is known. A server
 * that has little to do is at the parts of a statement that do nothing for as long as at those that do something.
 */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain } from '#src/contract/ids.ts'
import { type Letter, NO_TOPICS } from '#src/queue/outbox.ts'
import { statement } from '#src/storage/statement.ts'
import type { EventTime } from './event-times.ts'
import { timed } from './letters.ts'
import type { MessageToAccept } from './store-sending.ts'

export interface WrittenLetters {
  /** As they are stored. */
  readonly letters: readonly Letter[]
  /** Of their rows. */
  readonly ids: { readonly first: number; readonly last: number }
}

/**
 * What was stored. Undefined, and nothing is stored, when the message cannot be accepted, or not with the time that it has:
 * which of them says the statement for many. The database tells nobody of its letters.
 */
export const acceptLone = async (
  db: Kysely<unknown>,
  { conversation, revision, promises, now, letters }: MessageToAccept,
): Promise<WrittenLetters | undefined> => {
  if (letters.length === 0) return undefined
  const written = timed(letters, now)
  const rows = await insert(db, {
    conversation,
    revision,
    now,
    domains: promises.map(({ domain }) => domain),
    generations: promises.map(({ generation }) => generation),
    lanes: written.map(({ lane }) => lane),
    texts: written.map(({ text }) => text),
    topics: written.map(({ topics = NO_TOPICS }) => `{${topics.join()}}`),
  })
  const ids = rows.map(({ id }) => Number(id))
  const [first, last] = [ids[0], ids.at(-1)]
  return first === undefined || last === undefined ? undefined : { letters: written, ids: { first, last } }
}

interface Lone {
  readonly conversation: ConversationId
  readonly revision: number
  readonly now: EventTime
  readonly domains: readonly Domain[]
  readonly generations: readonly number[]
  readonly lanes: readonly string[]
  readonly texts: readonly string[]
  /** Each an array as PostgreSQL writes it. */
  readonly topics: readonly string[]
}

/**
 * Of a row for whose lock it waited, an update looks at all conditions again as they are then. And it comes before the first
 * letter has its id, so that whoever has one has a number as a transaction (`src/queue/continuity.ts`).
 */
const insert = statement<Lone, { readonly id: string }>(
  ({ conversation, revision, now, domains, generations, lanes, texts, topics }, db) =>
    sql<{ readonly id: string }>`/* prepared */
    with moved as (
      update galley.conversations set last_event_at = ${now}::bigint
      where id = ${conversation}::uuid and members_revision = ${revision}::int and protocol <> 'mls'
        and last_event_at < ${now}::bigint and not exists (
          select from unnest(${domains}::text[], ${generations}::bigint[]) as p(domain, generation)
          where not exists (
            select from galley.device_generations g where g.domain = p.domain and g.generation = p.generation
          )
        )
      returning id
    )
    insert into galley.outbox (lane, letter, topics)
    select l.lane, l.letter, l.topics::int[]
    from unnest(${lanes}::text[], ${texts}::text[], ${topics}::text[]) with ordinality as l(lane, letter, topics, number)
    cross join moved order by l.number
    returning id`.compile(db),
)
