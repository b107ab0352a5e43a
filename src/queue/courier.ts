/**
 * Drains the outboxes of all services, here or in several processes. Each lane, a service's rows for one receiver,
 * runs by itself: one that is slow or dead holds up no other. Notes of the database wake the lanes; a sweep finds what
 * a lost note would have told.
 */
import type { Kysely } from 'kysely'
import { courierInternal } from '#src/contract/internal/courier.ts'
import { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Route } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { internalRoutes } from '#src/rpc/context.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import type { Database } from '#src/storage/database.ts'
import { controlLane, listDeadLetters, listLanes } from './control-lanes.ts'
import { controlStore } from './control-store.ts'
import { type Continuity, createContinuity } from './continuity.ts'
import { type Flushes, flushQueue } from './flush-queue.ts'
import { greetPeers } from './greetings.ts'
import { createLanes, type LaneParts, type Lanes } from './lanes.ts'
import { LOCAL_LANE } from './letters.ts'
import { LOCAL_RETRY_MAX_MS, SWEEP_INTERVAL_MS } from './limits.ts'
import { type Locals, localDelivery } from './local-delivery.ts'
import { type Letter, NO_TOPICS, OUTBOX_CHANNEL } from './outbox.ts'
import type { LaneName, OutboxBell } from './outbox-bell.ts'
import { type OutboxStore, outboxStore, type StoredLetter } from './outbox-store.ts'
import { createPeer } from './peer.ts'
import { remoteDelivery } from './remote-delivery.ts'
import { createTally, type LaneTally } from './tally.ts'

/** `Database.notify(PEER_HEARD_CHANNEL, domain)`: that backend is there. */
export const PEER_HEARD_CHANNEL = 'peer-heard'

export interface CourierNeeds {
  /** Each bound to the service's schema, which has the tables of `migrations/`. */
  readonly outboxes: readonly { readonly service: string; readonly db: Kysely<unknown> }[]
  readonly database: Pick<Database, 'listen' | 'notify' | 'tryLock'>
  /** Undefined when this backend is configured without federation: what waits for others waits on. */
  readonly federator: FederatorTransport | undefined
  readonly locals: Locals
  readonly ownDomain: Domain
  /** Backends to tell that we are back. May throw while others are still starting. */
  readonly knownDomains: () => Promise<readonly Domain[]>
  /** How long what other backends have taken may wait to be deleted with more, `ACKNOWLEDGING_DELAY_MS` unless said. */
  readonly acknowledgingDelayMs?: number | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Courier extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** For those of this process who write into the queue. */
  readonly bell: OutboxBell
  tallies(): readonly LaneTally[]
}

export const startCourier = async (needs: CourierNeeds): Promise<Courier> => {
  const { database, clock, log } = needs
  const stores = new Map(needs.outboxes.map(({ service, db }) => [service, outboxStore(db)]))
  const tally = createTally()
  await using starting = new AsyncDisposableStack()
  const continuities: Continuities = new Map(
    [...stores].map(([service, { horizon }]) => [service, starting.use(createContinuity({ horizon, clock, log }))]),
  )
  const flushes = flushQueue({ stores, wake: (name) => lanes.wake(name), clock })
  const lanes = createLanes({
    database,
    clock,
    log,
    partsOf: partsFor({ ...needs, stores, continuities, tally, flushes }),
  })
  // First the notes, then the look: what is enqueued in between is told.
  starting.use(await database.listen(OUTBOX_CHANNEL, (note) => wakeFor(note, { lanes, stores, log })))
  starting.use(await database.listen(PEER_HEARD_CHANNEL, (domain) => lanes.heard(domain)))
  await sweep({ lanes, stores, log })
  starting.use(keepSweeping({ lanes, stores, log, clock }))
  starting.use(keepGreeting(needs, lanes))
  // Stopped first, so that from then on nothing new is begun.
  starting.use(lanes)
  const control = {
    stores: new Map(needs.outboxes.map(({ service, db }) => [service, controlStore(db)])),
    tally,
    wake: lanes.wake,
    retryNow: (lane: string) => database.notify(PEER_HEARD_CHANNEL, lane),
    log,
  }
  const handlers = {
    'flush-queue': flushes.handler,
    'list-lanes': listLanes(control),
    'list-dead-letters': listDeadLetters(control),
    'control-lane': controlLane(control),
  }
  const owned = starting.move()
  return {
    routes: internalRoutes(courierInternal, handlers, { log }),
    bell: bellOf(needs, { lanes, continuities }),
    tallies: () => tally.lanes(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

type Continuities = ReadonlyMap<string, Continuity>

interface Ringing {
  readonly lanes: Lanes
  readonly continuities: Continuities
}

const bellOf = ({ database, log }: CourierNeeds, { lanes, continuities }: Ringing): OutboxBell => {
  // A lane that was lost between the two is told of through the database, to whoever has it now.
  const ring = (name: LaneName): void => {
    if (lanes.isHeld(name)) return lanes.wake(name)
    database
      .notify(OUTBOX_CHANNEL, `${name.service} ${name.lane}`)
      .catch((error: unknown) => log.warn({ err: error, ...name }, 'telling of a lane that was lost'))
  }
  return {
    isHere: lanes.isHere,
    ring,
    handOver: ({ service, letters, here, first, last }) => {
      const era = continuities.get(service)?.follow({ first, last, count: letters.length })
      for (const [lane, own] of byLane(letters, first)) {
        const name = { service, lane }
        if (era !== undefined && lanes.give(name, own, era)) continue
        if (here.includes(lane)) ring(name)
      }
    },
  }
}

const byLane = (letters: readonly Letter[], first: number): ReadonlyMap<string, StoredLetter[]> => {
  const found = new Map<string, StoredLetter[]>()
  for (const [index, { lane, text, topics = NO_TOPICS, bundle }] of letters.entries()) {
    const letter = { id: String(first + index), text, topics, bundle }
    const own = found.get(lane)
    if (own) own.push(letter)
    else found.set(lane, [letter])
  }
  return found
}

type Stores = ReadonlyMap<string, OutboxStore>

interface PartsNeeds extends CourierNeeds {
  readonly stores: Stores
  readonly continuities: Continuities
  readonly tally: ReturnType<typeof createTally>
  readonly flushes: Flushes
}

const partsFor =
  ({ stores, continuities, tally, flushes, locals, federator, ownDomain, ...needs }: PartsNeeds) =>
  ({ service, lane }: LaneName): LaneParts | undefined => {
    const { clock, random, acknowledgingDelayMs, log } = needs
    const store = stores.get(service)
    const continuity = continuities.get(service)
    if (!store || !continuity) return undefined
    const common = { store, settledEra: continuity.settledEra, tally, random }
    if (lane === LOCAL_LANE) {
      const delivery = localDelivery({ locals, log })
      return { ...common, delivery, retryMaxMs: LOCAL_RETRY_MAX_MS, onSettled: () => flushes.settled(service) }
    }
    const domain = Domain.safeParse(lane)
    if (!domain.success) return undefined
    const peer = createPeer({ domain: domain.data, ownDomain, federator })
    return { ...common, acknowledgingDelayMs, delivery: remoteDelivery({ peer, clock, log }) }
  }

interface Waking {
  readonly lanes: Lanes
  readonly stores: Stores
  readonly log: Log
}

const wakeFor = (note: string, waking: Waking): void => {
  // Notes may have been missed: look.
  if (note === '') return void sweep(waking)
  const [service = '', lane = ''] = note.split(' ')
  if (waking.stores.has(service)) waking.lanes.wake({ service, lane })
}

const sweep = async ({ lanes, stores, log }: Waking): Promise<void> => {
  await Promise.all(
    [...stores].map(async ([service, store]) => {
      try {
        for (const lane of await store.lanes()) lanes.wake({ service, lane })
      } catch (error) {
        // The next sweep looks again; until then there are the notes.
        log.warn({ service, reason: causeChain(error) }, 'an outbox cannot be looked at')
      }
    }),
  )
}

const keepSweeping = (waking: Waking & { readonly clock: Clock }): AsyncDisposable => {
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await waking.clock.sleep(SWEEP_INTERVAL_MS, stop.signal).catch(ignoreAbort)
      if (!stop.signal.aborted) await sweep(waking)
    }
  }
  return endedBy(stop, loop())
}

const keepGreeting = (
  { knownDomains, ownDomain, federator, clock, random, log }: CourierNeeds,
  lanes: Lanes,
): AsyncDisposable => {
  const stop = new AbortController()
  const peerOf = (domain: Domain) => createPeer({ domain, ownDomain, federator })
  const isGreeted = (domain: Domain): boolean => domain === ownDomain || lanes.isAwake(domain)
  return endedBy(stop, greetPeers({ knownDomains, peerOf, isGreeted, clock, random, log }, stop.signal))
}

const endedBy = (stop: AbortController, work: Promise<void>): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    stop.abort()
    await work
  },
})

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}
