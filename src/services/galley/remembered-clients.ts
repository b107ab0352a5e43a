/**
 * Clients that their backends have promised: remembered in this process for as long as the promise lasts, and relied on
 * under the generation that it was got under, which the statement compares that accepts a message
 * (docs/decisions/device-promises.md).
 */
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { QUESTIONED_BACKENDS_MAX, REMEMBERED_CLIENTS_USERS_MAX } from './limits.ts'

/** By two clocks: nobody can set the one, and the other goes on while the machine sleeps. */
export interface Moment {
  readonly monotonicMs: number
  readonly timeMs: number
}

export const momentOf = (clock: Clock): Moment => ({
  monotonicMs: clock.monotonicMs(),
  timeMs: clock.now().getTime(),
})

export interface Promised {
  readonly backend: Domain
  readonly clients: Readonly<Record<UserId, readonly { readonly id: ClientId }[]>>
  /** Of whom nothing was promised. */
  readonly changing: ReadonlySet<UserId>
  readonly generation: number
  readonly since: Moment
  readonly ms: number
}

export interface Recalled {
  /** Everybody asked for is there. */
  readonly clients: ReadonlyMap<UserId, ReadonlySet<ClientId>>
  readonly generation: number
  /** More than half of some promise is over. */
  readonly isAging: boolean
}

export interface RememberedClients {
  keep(promised: Promised): void
  /** Undefined unless all of them are remembered. */
  recall(backend: Domain, users: readonly UserId[]): Recalled | undefined
}

type Lease = Pick<Promised, 'generation' | 'since' | 'ms'>

interface Entry {
  readonly backend: Domain
  readonly clients: ReadonlySet<ClientId>
  readonly lease: Lease
}

export const rememberedClients = (clock: Clock): RememberedClients => {
  // By id alone, which is at hand. Should people of two backends have the same, one of them is not remembered.
  const entries = boundedCache<UserId, Entry>({ max: REMEMBERED_CLIENTS_USERS_MAX, clock })
  // The newest that was heard of; what was got under an older one is of no use any more.
  const generations = boundedCache<Domain, number>({ max: QUESTIONED_BACKENDS_MAX, clock })
  return {
    keep: ({ backend, clients, changing, generation, since, ms }) => {
      generations.set(backend, Math.max(generation, generations.get(backend) ?? 0))
      const lease = { generation, since, ms }
      for (const [user, devices] of Object.entries(clients) as [UserId, Promised['clients'][UserId]][]) {
        const known = entries.get(user)
        const isKnown = known?.backend === backend
        if (changing.has(user)) {
          if (isKnown) entries.delete(user)
        } else if (!isKnown || isNewer(lease, known.lease)) {
          entries.set(user, { backend, clients: new Set(devices.map(({ id }) => id)), lease })
        }
      }
    },
    recall: (backend, users) => {
      const generation = generations.get(backend)
      if (generation === undefined) return undefined
      const now = momentOf(clock)
      const found = new Map<UserId, ReadonlySet<ClientId>>()
      let isAging = false
      for (const user of users) {
        const entry = entries.get(user)
        if (entry?.backend !== backend || entry.lease.generation !== generation || isOver(entry.lease, now))
          return undefined
        isAging ||= isHalfOver(entry.lease, now)
        found.set(user, entry.clients)
      }
      return { clients: found, generation, isAging }
    },
  }
}

/** An answer that was overtaken must not take the place of a later one. */
const isNewer = (one: Lease, other: Lease): boolean =>
  one.generation > other.generation ||
  (one.generation === other.generation && one.since.monotonicMs >= other.since.monotonicMs)

const passed = ({ since }: Lease, now: Moment): number =>
  Math.max(now.monotonicMs - since.monotonicMs, now.timeMs - since.timeMs)

const isOver = (lease: Lease, now: Moment): boolean => passed(lease, now) >= lease.ms

const isHalfOver = (lease: Lease, now: Moment): boolean => passed(lease, now) * 2 >= lease.ms
