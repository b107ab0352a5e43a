/** What ends by itself: guests whose time is over, and notes of tokens that have expired anyway. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { keepUp } from '#src/kit/upkeep.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import { deleteAccount, type DeletionNeeds } from './account-deletion.ts'
import { ACCOUNT_UPKEEP_INTERVAL_MS, EXPIRED_GUESTS_AT_ONCE, REVOCATION_OVERLAP_MS } from './limits.ts'
import { deleteRevocationsBefore } from './store-revocations.ts'
import { findExpiredUsers } from './store-users.ts'
import type { BrigDb } from './tables.ts'

interface Needs extends DeletionNeeds {
  readonly db: BrigDb
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const startAccountUpkeep = (needs: Needs): AsyncDisposable =>
  keepUp(
    {
      work: (stopping) => endOldAccounts(needs, stopping),
      everyMs: ACCOUNT_UPKEEP_INTERVAL_MS,
      what: 'ending old accounts',
    },
    needs,
  )

const endOldAccounts = async (needs: Needs, signal: AbortSignal): Promise<void> => {
  const { db, clock } = needs
  const now = clock.now()
  const expired = now.getTime() - ACCESS_TOKEN_SECONDS * 1000 - REVOCATION_OVERLAP_MS
  await deleteRevocationsBefore(db, new Date(expired))
  for (let found = EXPIRED_GUESTS_AT_ONCE; found === EXPIRED_GUESTS_AT_ONCE && !signal.aborted;) {
    found = await endExpired(needs, now)
  }
}

/** Each by itself, like everybody who goes; another replica may be doing the same. */
const endExpired = async (needs: Needs, now: Date): Promise<number> => {
  const guests = await findExpiredUsers(needs.db, now, EXPIRED_GUESTS_AT_ONCE)
  for (const id of guests) {
    const cause = { requestId: needs.random.uuid() }
    await needs.changes.change(id, cause.requestId, (tx) => deleteAccount(tx, needs, { id, cause }))
  }
  return guests.length
}
