/**
 * The only way in which devices come and go: whoever was promised it is told before (docs/decisions/device-promises.md).
 * A change is marked, the watchers are told, and the transaction of the change takes the mark away with it.
 *
 * Nothing compares times of day. A watcher that does not answer is waited for until every promise is over that it can
 * have got before the watchers were read; those who ask later find the mark.
 */
import type { UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { deleteChange, findWatchers, insertChange } from './store-device-promises.ts'
import type { BrigDb, DeviceTransaction } from './tables.ts'
import type { TellWatchers } from './tell-watchers.ts'
import type { WatcherUpkeep } from './watcher-upkeep.ts'

export interface DeviceChanges {
  /**
   * Runs `work` in a transaction in which the devices of this user may change. It may take some seconds until `work` is
   * begun, so what it decides by must be read in it.
   */
  change<T>(user: UserId, requestId: string, work: (tx: DeviceTransaction) => Promise<T>): Promise<T>
}

interface Needs {
  readonly db: BrigDb
  readonly tell: TellWatchers
  readonly upkeep: WatcherUpkeep
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const deviceChanges = ({ db, tell, upkeep, clock, random, log }: Needs): DeviceChanges => {
  const announce = async (requestId: string): Promise<void> => {
    const watchers = await findWatchers(db)
    if (watchers.length === 0) return
    upkeep.due()
    for (const late of await tell(watchers, requestId)) await upkeep.rest(late)
  }

  const unmark = async (id: string): Promise<void> => {
    try {
      await deleteChange(db, id)
    } catch (error) {
      // Until the mark is swept nothing is promised of this user.
      log.warn({ err: error }, 'ending a change of devices')
      upkeep.due()
    }
  }

  return {
    change: async (user, requestId, work) => {
      const id = random.uuid()
      await insertChange(db, { id, user, now: clock.now() })
      try {
        await announce(requestId)
        return await db.transaction().execute(async (tx) => {
          if (!(await deleteChange(tx, id))) {
            throw new Refusal(503, 'try-again', { detail: 'telling others that devices change took too long' })
          }
          return work(tx as DeviceTransaction)
        })
      } catch (error) {
        await unmark(id)
        throw error
      }
    },
  }
}
