/**
 * Which devices people have, for somebody who wants to remember it: with it goes the promise that he is told before any
 * of it changes (docs/decisions/device-promises.md).
 */
import type { PubClient } from '#src/contract/federation/users.ts'
import type { Domain, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { publicDevice } from './device-rules.ts'
import { DEVICE_WATCHERS_MAX, PROMISE_MS } from './limits.ts'
import { addWatcher, type DevicesToPromise, findDevicesToPromise } from './store-device-promises.ts'
import type { BrigDb } from './tables.ts'
import type { WatcherUpkeep } from './watcher-upkeep.ts'

export interface PromisedDevices {
  /** Everyone asked for is there. */
  readonly devices: ReadonlyMap<UserId, PubClient[]>
  /** From when the question was sent; 0 when nothing is promised. */
  readonly promiseMs: number
  /** Of whom nothing is promised. */
  readonly changing: readonly UserId[]
}

export interface Asking {
  readonly users: readonly UserId[]
  /** Who is to be told: another backend, or ours. */
  readonly watcher: Domain
}

export interface PromiseNeeds {
  readonly db: BrigDb
  readonly upkeep: WatcherUpkeep
  readonly clock: Clock
}

/** Who is no watcher yet becomes one before the devices are read; what was read before that is promised to nobody. */
export const promiseDevices = async (
  { db, upkeep, clock }: PromiseNeeds,
  { users, watcher }: Asking,
): Promise<PromisedDevices> => {
  const now = clock.now()
  const found = await findDevicesToPromise(db, { users, watcher, now })
  // What nobody carries on, after a crash, would keep these users from being remembered.
  if (found.some(({ isChanging }) => isChanging)) upkeep.due()
  const [first] = found
  if (!first || first.isWatched || first.isResting) return promised(found)
  upkeep.due()
  await addWatcher(db, { domain: watcher, now, watchersMax: DEVICE_WATCHERS_MAX })
  return promised(await findDevicesToPromise(db, { users, watcher, now }))
}

const promised = (found: readonly DevicesToPromise[]): PromisedDevices => ({
  devices: new Map(found.map(({ user, devices }) => [user, devices.map(publicDevice)])),
  promiseMs: found[0]?.isWatched && !found[0].isResting ? PROMISE_MS : 0,
  changing: found.filter(({ isChanging }) => isChanging).map(({ user }) => user),
})
