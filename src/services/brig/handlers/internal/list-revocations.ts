import { REVOCATIONS_MAX } from '#src/contract/internal/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import { REVOCATION_OVERLAP_MS } from '../../limits.ts'
import { timestamp } from '../../profiles.ts'
import { findRevocations } from '../../store-revocations.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
}

/** Some are told more than once: a transaction that began before the last answer may have ended after it. */
export const listRevocations =
  ({ db, clock }: Needs): InternalHandler<'list-revocations'> =>
  async ({ query: { since } }) => {
    const now = clock.now()
    const oldest = now.getTime() - ACCESS_TOKEN_SECONDS * 1000
    const from = since === undefined ? oldest : Math.max(oldest, new Date(since).getTime() - REVOCATION_OVERLAP_MS)
    const found = await findRevocations(db, new Date(from), REVOCATIONS_MAX)
    return {
      outcome: 'found',
      body: {
        until: timestamp(now),
        revoked: found.map(({ user, client, at }) => ({ user, client: client ?? null, at: timestamp(at) })),
      },
    }
  }
