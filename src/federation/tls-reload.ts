/**
 * TLS material that follows its files while the process runs (federation-transport.md §15). A change leads to complete
 * new material or to none: what cannot be used is told to the log and the old goes on. A certificate that is replaced
 * before its key is therefore one failed reload and a good one.
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { TLS_RECHECK_MS, TLS_SETTLE_MS } from './limits.ts'
import { createPathWatch } from './path-watch.ts'
import { type CurrentTls, isSameMaterial, loadTlsMaterial, type TlsFiles, type TlsMaterial } from './tls-material.ts'

export interface FollowedTls extends AsyncDisposable {
  readonly current: CurrentTls
}

export interface FollowNeeds {
  readonly files: TlsFiles
  /** Whose material it is, for the log. */
  readonly owner: string
  /** Takes new material into use; throws if TLS itself finds fault with it. Called with the first one too. */
  readonly adopt: (material: TlsMaterial) => void
  readonly clock: Clock
  readonly log: Log
}

/** At start every fault is fatal. */
export const followTls = async ({ files, owner, adopt, clock, log }: FollowNeeds): Promise<FollowedTls> => {
  const schedule = createSchedule(clock)
  const watch = createPathWatch(pathsOf(files), {
    onTouched: () => schedule.soon(),
    onUnwatchable: (directory, cause) =>
      log.debug(
        { owner, directory, err: cause },
        'this directory cannot be watched and is looked at from time to time',
      ),
  })
  const load = async (present?: TlsMaterial): Promise<TlsMaterial> => {
    await watch.renew()
    return loadTlsMaterial(files, present)
  }
  try {
    let current = await load()
    adopt(current)
    const use = (next: TlsMaterial): void => {
      adopt(next)
      current = next
    }
    schedule.start(createReload({ load: () => load(current), current: () => current, use, log: log.child({ owner }) }))
    return {
      current: () => current,
      [Symbol.asyncDispose]: () => {
        watch[Symbol.dispose]()
        return schedule.stop()
      },
    }
  } catch (error) {
    watch[Symbol.dispose]()
    throw error
  }
}

/** When to look: a moment after something was touched, and now and then. */
const createSchedule = (clock: Clock) => {
  let checks = Promise.resolve()
  let settling: Disposable | undefined
  let recheck: Disposable | undefined
  let check: (() => Promise<void>) | undefined
  // One after the other: two reloads at once could end with the older material.
  const run = (): void => {
    checks = checks.then(() => check?.())
  }
  // Some file systems tell nobody of changes, and watches may run out.
  const keepLooking = (): void => {
    recheck = clock.after(TLS_RECHECK_MS, () => {
      run()
      keepLooking()
    })
  }
  return {
    start: (reload: () => Promise<void>): void => {
      check = reload
      keepLooking()
    },
    soon: (): void => {
      settling ??= clock.after(TLS_SETTLE_MS, () => {
        settling = undefined
        run()
      })
    },
    stop: (): Promise<void> => {
      check = undefined
      settling?.[Symbol.dispose]()
      recheck?.[Symbol.dispose]()
      return checks
    },
  }
}

const pathsOf = ({ certificateFile, privateKeyFile, caFile }: TlsFiles): readonly string[] => [
  certificateFile,
  privateKeyFile,
  ...(caFile === undefined ? [] : [caFile]),
]

interface ReloadNeeds {
  readonly load: () => Promise<TlsMaterial>
  readonly current: CurrentTls
  readonly use: (material: TlsMaterial) => void
  readonly log: Log
}

/** Never rejects: a reload that fails is a line in the log. */
const createReload = ({ load, current, use, log }: ReloadNeeds): (() => Promise<void>) => {
  let told: string | undefined
  return async () => {
    try {
      const next = await load()
      told = undefined
      if (isSameMaterial(next, current())) return
      use(next)
      log.info('certificates were reloaded')
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error)
      // The same trouble is found again at every check until somebody mends it; once is enough to know.
      if (trouble !== told) log.error({ err: error }, 'new certificates cannot be used, the old ones are kept')
      told = trouble
    }
  }
}
