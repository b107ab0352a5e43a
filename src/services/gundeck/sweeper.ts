/** Forgets what is older than we promise to keep, a little at a time. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { keepUp } from '#src/kit/upkeep.ts'
import { RETENTION_MS, SWEEP_INTERVAL_MS, SWEEP_ROWS_MAX, TRANSIENT_RETENTION_MS } from './limits.ts'
import type { GundeckStore } from './store.ts'

interface Needs {
  readonly store: GundeckStore
  readonly clock: Clock
  readonly log: Log
}

export const startSweeper = (needs: Needs): AsyncDisposable =>
  keepUp({ work: () => sweep(needs), everyMs: SWEEP_INTERVAL_MS, what: 'forgetting old notifications' }, needs)

export const sweep = async ({ store, clock }: Omit<Needs, 'log'>): Promise<void> => {
  const now = clock.now().getTime()
  await store.forgetTransientsBefore((now - TRANSIENT_RETENTION_MS) * 1000)
  const before = (now - RETENTION_MS) * 1000
  for (let gone = SWEEP_ROWS_MAX; gone === SWEEP_ROWS_MAX;) gone = await store.forgetBefore(before)
}
