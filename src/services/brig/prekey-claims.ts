/**
 * Handing out prekeys. Claims that come at about the same time are one statement and one commit: a disk that syncs
 * some hundreds of times in a second would otherwise hand out no more prekeys than that.
 */
import type { Prekey } from '#src/contract/federation/users.ts'
import { type GroupCommit, groupCommit } from '#src/kit/group-commit.ts'
import { isDataError } from '#src/storage/data-error.ts'
import { CLAIMS_PER_COMMIT_MAX, CLAIMS_WAITING_MAX } from './limits.ts'
import { lastResorts, type TakenPrekey, takePrekeys } from './store-claims.ts'
import type { ClientOfUser } from './store-devices.ts'
import type { BrigDb } from './tables.ts'

/** For each device one prekey, or `undefined` for one that is none. */
export type PrekeyClaims = GroupCommit<ClientOfUser, Prekey | undefined>

export const prekeyClaims = (db: BrigDb): PrekeyClaims =>
  groupCommit({
    commit: (devices) => claim(db, devices),
    isFaultOfItems: isDataError,
    weightOf: () => 1,
    itemsMax: CLAIMS_PER_COMMIT_MAX,
    weightMax: CLAIMS_PER_COMMIT_MAX,
    waitingWeightMax: CLAIMS_WAITING_MAX,
  })

/** A device of which no ordinary prekey is left gives its last resort, which is never used up. */
const claim = async (db: BrigDb, devices: readonly ClientOfUser[]): Promise<(Prekey | undefined)[]> => {
  const asked = Map.groupBy(devices, keyOf)
  const wanted = [...asked.values()].flatMap((alike) =>
    alike.slice(0, 1).map((one) => ({ ...one, count: alike.length })),
  )
  const taken = byDevice(await takePrekeys(db, wanted))
  const short = wanted.filter((device) => (taken.get(keyOf(device))?.length ?? 0) < device.count)
  const last = short.length === 0 ? new Map<string, Prekey[]>() : byDevice(await lastResorts(db, short))
  return devices.map((device) => taken.get(keyOf(device))?.pop() ?? last.get(keyOf(device))?.[0])
}

const keyOf = ({ user, client }: ClientOfUser): string => `${user} ${client}`

const byDevice = (taken: readonly TakenPrekey[]): Map<string, Prekey[]> => {
  const found = new Map<string, Prekey[]>()
  for (const each of taken) found.set(keyOf(each), [...(found.get(keyOf(each)) ?? []), each.prekey])
  return found
}
