/**
 * SQL of accepting messages: all that came together in one statement, which is one commit and one round trip whatever
 * their number. In it each message gets its place in time and what follows from it goes into the queue. One that came
 * alone has a shorter statement (`store-lone-sending.ts`).
 */
import { type Kysely, sql } from 'kysely'
import type { ConversationId, Domain } from '#src/contract/ids.ts'
import { endOfTurn } from '#src/kit/turn.ts'
import { type Letter, NO_TOPICS, OUTBOX_CHANNEL } from '#src/queue/outbox.ts'
import type { OutboxBell } from '#src/queue/outbox-bell.ts'
import { statement } from '#src/storage/statement.ts'
import { type EventTime, LATER } from './event-times.ts'
import { timed } from './letters.ts'
import { acceptLone, type WrittenLetters } from './store-lone-sending.ts'

export interface MessageToAccept {
  readonly conversation: ConversationId
  /** Of the members with whom the recipients were compared. */
  readonly revision: number
  /** Of the backends whose remembered promises were relied on; nothing is accepted when one has ended. */
  readonly promises: readonly ReliedOn[]
  readonly now: EventTime
  /** Where their texts say `LATER` they get the time of the message. */
  readonly letters: readonly Letter[]
}

export interface ReliedOn {
  readonly domain: Domain
  readonly generation: number
}

export interface SendingStore {
  /**
   * The time of each, later than all before it in its conversation; undefined for those whose conversation has other
   * members by now, is gone, or takes no Proteus messages any more, or that relied on a promise that has ended. Of these
   * nothing is stored.
   */
  accept(messages: readonly MessageToAccept[]): Promise<(EventTime | undefined)[]>
}

/**
 * Conversations are locked in the order of their ids, so two processes never wait for each other. What is decided by is
 * what stands in the locked rows, which a snapshot from before the lock would not show.
 */
export const sendingStore = (db: Kysely<unknown>, bell: OutboxBell): SendingStore => ({
  accept: async (messages) => {
    const lanes = [...new Set(messages.flatMap(({ letters }) => letters.map(({ lane }) => lane)))]
    const here = lanes.filter((lane) => bell.isHere({ service: SERVICE, lane }))
    const accepted = await (
      here.length < lanes.length ? accept(db, messages, here) : acceptShortly(db, messages, here)
    ).catch((error: unknown) => {
      // What we do not know to be committed may be.
      for (const lane of here) bell.ring({ service: SERVICE, lane })
      throw error
    })
    const { times, written } = accepted
    if (written) {
      bell.handOver({ service: SERVICE, ...written.ids, letters: written.letters, here })
      // Recipients come before senders: the letters are on their way when the answers are made.
      await endOfTurn()
    }
    return times
  },
})

const SERVICE = 'galley'

interface Accepted {
  readonly times: (EventTime | undefined)[]
  readonly written: WrittenLetters | undefined
}

/** Nobody has to be told by the database. */
const acceptShortly = async (
  db: Kysely<unknown>,
  messages: readonly MessageToAccept[],
  here: readonly string[],
): Promise<Accepted> => {
  const [message, ...more] = messages
  const lone = message && more.length === 0 ? await acceptLone(db, message) : undefined
  return message && lone ? { times: [message.now], written: lone } : accept(db, messages, here)
}

const accept = async (
  db: Kysely<unknown>,
  messages: readonly MessageToAccept[],
  here: readonly string[],
): Promise<Accepted> => {
  const rows = await acceptMany(db, { ...columnsOf(messages), here })
  const times: (EventTime | undefined)[] = messages.map(() => undefined)
  for (const { of, at } of rows) times[Number(of) - 1] = Number(at)
  const [{ first, last } = { first: null, last: null }] = rows
  if (first === null || last === null) return { times, written: undefined }
  const letters = messages.flatMap(({ letters: own }, index) => stored(own, times[index]))
  return { times, written: { letters, ids: { first: Number(first), last: Number(last) } } }
}

const columnsOf = (messages: readonly MessageToAccept[]): Omit<Accepting, 'here'> => {
  const promises: Relying = { reliers: [], domains: [], generations: [] }
  const letters: Sent = { lanes: [], texts: [], topics: [], of: [] }
  for (const [index, message] of messages.entries()) {
    for (const { domain, generation } of message.promises) {
      promises.reliers.push(index + 1)
      promises.domains.push(domain)
      promises.generations.push(generation)
    }
    for (const { lane, text, topics = NO_TOPICS } of message.letters) {
      letters.lanes.push(lane)
      letters.texts.push(text)
      letters.topics.push(`{${topics.join()}}`)
      letters.of.push(index + 1)
    }
  }
  return {
    conversations: messages.map(({ conversation }) => conversation),
    revisions: messages.map(({ revision }) => revision),
    nows: messages.map(({ now }) => now),
    places: placesOf(messages),
    ...promises,
    ...letters,
  }
}

/** Of each message among those of its conversation, counted from 1. */
const placesOf = (messages: readonly MessageToAccept[]): number[] => {
  const counts = new Map<ConversationId, number>()
  return messages.map(({ conversation }) => {
    const place = (counts.get(conversation) ?? 0) + 1
    counts.set(conversation, place)
    return place
  })
}

/** As the statement stores them, which is not at all without a time. */
const stored = (letters: readonly Letter[], at: EventTime | undefined): readonly Letter[] =>
  at === undefined ? [] : timed(letters, at)

/** Which message relied on what, counted from 1. */
interface Relying {
  readonly reliers: number[]
  readonly domains: Domain[]
  readonly generations: number[]
}

interface Sent {
  readonly lanes: string[]
  readonly texts: string[]
  /** Each an array as PostgreSQL writes it. */
  readonly topics: string[]
  /** Which message each letter belongs to, counted from 1. */
  readonly of: number[]
}

interface Accepting extends Relying, Sent {
  readonly conversations: readonly ConversationId[]
  readonly revisions: readonly number[]
  readonly nows: readonly EventTime[]
  readonly places: readonly number[]
  /** Lanes of which the database need not tell. */
  readonly here: readonly string[]
}

interface Row {
  readonly of: string | number
  readonly at: string | number
  /** Of all rows that were written, in all of them the same; null when there are none. */
  readonly first: string | null
  readonly last: string | null
}

const acceptMany = statement<Accepting, Row>(
  ({ conversations, revisions, nows, places, reliers, domains, generations, lanes, texts, topics, of, here }, db) =>
    sql<Row>`/* prepared */
    with locked as (
      select id, members_revision, last_event_at from galley.conversations
      where id = any(${conversations}::uuid[]) and protocol <> 'mls' order by id for update
    ), timed as (
      select w.of, w.id, greatest(w.now, l.last_event_at + w.place) as at
      from unnest(${conversations}::uuid[], ${revisions}::int[], ${nows}::bigint[], ${places}::int[])
        with ordinality as w(id, revision, now, place, of)
      join locked l on l.id = w.id and l.members_revision = w.revision
      where w.of <> all(array(
        select p.of from unnest(${reliers}::int[], ${domains}::text[], ${generations}::bigint[])
          as p(of, domain, generation)
        where not exists (
          select from galley.device_generations g where g.domain = p.domain and g.generation = p.generation
        )
      ))
    ), moved as (
      update galley.conversations c set last_event_at = t.at
      from (select id, max(at) as at from timed group by id) t where c.id = t.id
    ), sent as (
      insert into galley.outbox (lane, letter, topics)
      select l.lane, replace(l.letter, ${LATER}, to_char(
        to_timestamp(t.at / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), l.topics::int[]
      from unnest(${lanes}::text[], ${texts}::text[], ${topics}::text[], ${of}::int[])
        with ordinality as l(lane, letter, topics, of, number)
      join timed t on t.of = l.of order by l.number
      returning id, lane
    )
    select t.of, t.at, (select min(id) from sent) as first, (select max(id) from sent) as last, (
      select count(pg_notify(${OUTBOX_CHANNEL}, 'galley ' || lane)) from (
        select distinct lane from sent where lane <> all(${here}::text[])
      ) lanes
    ) from timed t`.compile(db),
)
