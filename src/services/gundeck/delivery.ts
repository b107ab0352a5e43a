/**
 * From stored notifications to the sockets of this process, per user in the order of the stream, each once.
 *
 * With several replicas the order of commits and the order in which a replica hears of them differ. Each stream has a
 * count without gaps, and each connected user a mark up to where everything was sent: what is at or before the mark
 * was sent already, and what comes after a gap makes us read the gap from the database first.
 */
import type { UserId } from '#src/contract/ids.ts'
import type { Log } from '#src/kit/log.ts'
import { frame } from './frame.ts'
import { GAP_ROWS_MAX } from './limits.ts'
import { type Sockets, TRY_AGAIN_LATER } from './sockets.ts'
import type { GundeckStore, Row, Stored, StreamEnd } from './store.ts'

export interface Delivery {
  /** Rows this process stored, in order. */
  stored(rows: readonly Stored[]): void
  /** Streams that another replica made longer. */
  grown(ends: ReadonlyMap<UserId, StreamEnd>): void
  /** Compares users, or all who are connected, with the database: something may have been stored but not delivered. */
  refresh(users?: readonly UserId[]): void
  /** Returns when nothing is being delivered. */
  idle(): Promise<void>
}

interface Needs {
  readonly store: GundeckStore
  readonly sockets: Sockets
  readonly log: Log
}

export const deliverTo = ({ store, sockets, log }: Needs): Delivery => {
  // One piece of work at a time: reading a gap must not be overtaken by what comes after it.
  const waiting: (() => Promise<void>)[] = []
  let running: Promise<void> | undefined

  const run = async (): Promise<void> => {
    for (let work = waiting.shift(); work; work = waiting.shift()) {
      // A fault with one piece must not end delivery for everybody.
      await work().catch((error: unknown) => log.error({ err: error }, 'delivering notifications'))
    }
    running = undefined
  }
  const enqueue = (work: () => Promise<void>): void => {
    waiting.push(work)
    running ??= run()
  }

  const catchUp = async (ends: ReadonlyMap<UserId, StreamEnd>): Promise<void> => {
    const behind = new Map([...ends].filter(([user, end]) => isBehind(sockets, user, end)))
    if (behind.size === 0) return
    try {
      await sendRanges({ store, sockets }, behind)
    } catch (error) {
      // What cannot be read cannot be sent, and must not be skipped: devices catch up when they come back.
      log.error({ err: error, users: behind.size }, 'reading notifications to deliver')
      for (const user of behind.keys()) sockets.closeUser(user, { code: TRY_AGAIN_LATER })
    }
  }

  return {
    stored: (rows) =>
      enqueue(async () => {
        for (const row of rows) {
          const { user } = row.entry
          const presence = sockets.presenceOf(user)
          if (!presence) continue
          if (row.seq > presence.delivered.seq + 1) await catchUp(new Map([[user, row]]))
          if (isBehind(sockets, user, row)) sendStored(sockets, row)
        }
      }),
    grown: (ends) => enqueue(() => catchUp(ends)),
    refresh: (users) =>
      enqueue(async () => {
        const connected = users?.filter((user) => sockets.presenceOf(user)) ?? sockets.users()
        if (connected.length === 0) return
        try {
          await catchUp(await store.ends(connected))
        } catch (error) {
          log.error({ err: error }, 'comparing connected users with the database')
          for (const user of connected) sockets.closeUser(user, { code: TRY_AGAIN_LATER })
        }
      }),
    idle: async () => running,
  }
}

const isBehind = (sockets: Sockets, user: UserId, end: StreamEnd): boolean => {
  const presence = sockets.presenceOf(user)
  return presence !== undefined && presence.delivered.seq < end.seq
}

const sendStored = (sockets: Sockets, { entry, at, seq }: Stored): void => {
  const presence = sockets.presenceOf(entry.user)
  if (!presence) return
  presence.delivered = { at, seq }
  sockets.send(presence, entry, () => frame({ user: entry.user, at, payload: entry.payload, isTransient: false }))
}

const sendRanges = async (
  { store, sockets }: Pick<Needs, 'store' | 'sockets'>,
  ends: ReadonlyMap<UserId, StreamEnd>,
): Promise<void> => {
  const wanted = [...ends].flatMap(([user, { at }]) => {
    const presence = sockets.presenceOf(user)
    return presence ? [{ user, after: presence.delivered.at, upTo: at }] : []
  })
  const rows = await store.ranges(wanted)
  for (const [user, end] of ends) sendRange(sockets, { user, end, rows: rows.get(user) ?? [] })
}

interface FoundRange {
  readonly user: UserId
  readonly end: StreamEnd
  readonly rows: readonly Row[]
}

const sendRange = (sockets: Sockets, { user, end, rows }: FoundRange): void => {
  const presence = sockets.presenceOf(user)
  if (!presence) return
  if (rows.length > GAP_ROWS_MAX) {
    sockets.closeUser(user, { code: TRY_AGAIN_LATER })
    return
  }
  // A socket that was opened while we read may have moved the mark; what it covers, its device reads by itself.
  for (const { at, payload, ...addressed } of rows.filter((row) => row.at > presence.delivered.at)) {
    sockets.send(presence, addressed, () => frame({ user, at, payload, isTransient: false }))
  }
  if (end.seq > presence.delivered.seq) presence.delivered = { at: end.at, seq: end.seq }
}
