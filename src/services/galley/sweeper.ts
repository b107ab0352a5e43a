/** Undoes creations that nobody finished, and forgets which notifications were carried out long ago. */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { keepUp } from '#src/kit/upkeep.ts'
import type { EventTimes } from './event-times.ts'
import { HEARD_MS_MAX, HEARD_ROWS_MAX, SWEEP_INTERVAL_MS, UNCONFIRMED_MS_MAX, UNCONFIRMED_ROWS_MAX } from './limits.ts'
import type { GalleyStore } from './store.ts'
import { undoCreation } from './undo-creation.ts'

export interface SweepNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly times: EventTimes
  readonly clock: Clock
  readonly log: Log
}

export const startSweeper = (needs: SweepNeeds): AsyncDisposable =>
  keepUp({ work: () => sweep(needs), everyMs: SWEEP_INTERVAL_MS, what: 'sweeping conversations' }, needs)

export const sweep = async (needs: SweepNeeds): Promise<void> => {
  const { store, clock, log } = needs
  const now = clock.now().getTime()
  const abandoned = await store.unconfirmedBefore(new Date(now - UNCONFIRMED_MS_MAX), UNCONFIRMED_ROWS_MAX)
  for (const id of abandoned) {
    log.warn({ conversation: id }, 'undoing the creation of a conversation that nobody finished')
    await undoCreation(needs, id, 'N/A')
  }
  const before = new Date(now - HEARD_MS_MAX)
  for (let gone = HEARD_ROWS_MAX; gone === HEARD_ROWS_MAX;) gone = await store.forgetHeardBefore(before, HEARD_ROWS_MAX)
}
