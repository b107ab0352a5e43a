/** The keys of tokens while this backend runs: another may be added at any time, by any process. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Database } from '#src/storage/database.ts'
import { KEY_RETIREMENT_SECONDS } from './limits.ts'
import { plusSeconds } from './session-rules.ts'
import { addKey, keysFor } from './store-sessions.ts'
import type { BrigDb } from './tables.ts'
import { newPrivateKey, type TokenKeys, tokenKeys } from './token-keys.ts'

const CHANNEL = 'brig-access-keys'

export interface RotatingKeys extends TokenKeys, AsyncDisposable {
  /** A new key, which signs in a while; what the others signed stays good. Its index. */
  rotate(): Promise<number>
}

interface Needs {
  readonly db: BrigDb
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

export const openKeys = async ({ db, database, clock, log }: Needs): Promise<RotatingKeys> => {
  const read = async (): Promise<TokenKeys> => {
    const fresh = { privateKey: newPrivateKey(), now: clock.now() }
    return tokenKeys(await db.transaction().execute((tx) => keysFor(tx, 'access-token', fresh)), clock)
  }
  let keys = await read()
  const reload = async (): Promise<void> => {
    keys = await read()
  }
  const heard = await database.listen(CHANNEL, () => {
    // Those we have stay as good as they are.
    reload().catch((error: unknown) => log.error({ err: error }, 'reading the keys of tokens again'))
  })
  return {
    sign: (claims) => keys.sign(claims),
    authentic: (text) => keys.authentic(text),
    get publicKeys() {
      return keys.publicKeys
    },
    rotate: async () => {
      const now = clock.now()
      const retiredBefore = plusSeconds(now, -KEY_RETIREMENT_SECONDS)
      const key = { privateKey: newPrivateKey(), now, retiredBefore }
      const index = await db.transaction().execute((tx) => addKey(tx, 'access-token', key))
      await reload()
      await database.notify(CHANNEL, String(index))
      return index
    },
    [Symbol.asyncDispose]: () => heard[Symbol.asyncDispose](),
  }
}
