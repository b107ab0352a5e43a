/** Takes away what has expired, and what a crash or a broken upload has left, a little at a time. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
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

/** Stops when disposed, after what it is in the middle of. */
export const startSweeper = (needs: SweepNeeds): AsyncDisposable => {
  const { clock, log } = needs
  const stopping = new AbortController()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sweep(needs, stopping.signal).catch((error: unknown) => log.warn({ err: error }, 'sweeping assets'))
      await clock.sleep(SWEEP_INTERVAL_MS, stopping.signal).catch(() => {})
    }
  }
  const running = run()
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await running
    },
  }
}

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
