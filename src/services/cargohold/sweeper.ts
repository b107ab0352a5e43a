/** Takes away what has expired, and what a crash or a broken upload has left, a little at a time. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { keepUp } from '#src/kit/upkeep.ts'
import type { ByteStore } from './bytes/byte-store.ts'
import { ARRIVING_MS_MAX, LEAVING_MS_MAX, SWEEP_INTERVAL_MS, SWEEP_ROWS_MAX } from './limits.ts'
import type { AssetId } from './retention.ts'
import type { CargoholdStore } from './store.ts'

export interface SweepNeeds {
  readonly store: CargoholdStore
  readonly bytes: ByteStore
  readonly clock: Clock
  readonly log: Log
}

export const startSweeper = (needs: SweepNeeds): AsyncDisposable =>
  keepUp({ work: (stopping) => sweep(needs, stopping), everyMs: SWEEP_INTERVAL_MS, what: 'sweeping assets' }, needs)

export const sweep = async (
  { store, bytes, clock }: Omit<SweepNeeds, 'log'>,
  stopping?: AbortSignal,
): Promise<void> => {
  const now = clock.now()
  const ago = (ms: number): Date => new Date(now.getTime() - ms)
  await inBatches(() => store.giveUp(ago(ARRIVING_MS_MAX), SWEEP_ROWS_MAX), stopping)
  await inBatches(() => store.expire(now, SWEEP_ROWS_MAX), stopping)
  await inBatches(async () => {
    const ids = await store.leaving(ago(LEAVING_MS_MAX), SWEEP_ROWS_MAX)
    for (const id of ids) await bytes.remove(id)
    await store.forget(ids)
    return ids
  }, stopping)
}

const inBatches = async (step: () => Promise<readonly AssetId[]>, stopping?: AbortSignal): Promise<void> => {
  for (let count = SWEEP_ROWS_MAX; count === SWEEP_ROWS_MAX;) {
    if (stopping?.aborted === true) return
    count = (await step()).length
  }
}
