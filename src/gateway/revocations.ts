/**
 * Access tokens that end before their time: of accounts that were deleted or suspended, and of devices that were removed.
 * Brig is asked what is new when a token is to be judged, at most once a second, and whoever comes then waits for it. To
 * ask about every token would cost a call for every request; to be told by brig would need a list of gateways there.
 * While brig is away what is known counts: its tokens are checked by signature and expiry as ever.
 */
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { Timestamp, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import type { Caller } from '#src/rpc/context.ts'
import { REVOCATIONS_TIMEOUT_MS, REVOCATIONS_TTL_MS } from './limits.ts'

export interface Revocations {
  /** Whether a token of this caller that was handed out then, in milliseconds since 1970, has ended. */
  isRevoked(caller: Caller, issuedAt: number): Promise<boolean>
}

interface Needs {
  readonly brig: Transport
  readonly clock: Clock
  readonly log: Log
}

export const revocations = ({ brig, clock, log }: Needs): Revocations => {
  /** By user, or user and device: until when tokens were handed out that have ended. */
  let known = new Map<string, number>()
  let since: Timestamp | undefined
  let askedMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const ask = async (): Promise<void> => {
    askedMs = clock.monotonicMs()
    try {
      const question = call(brig, brigInternal['list-revocations'], { query: { since } })
      const { body } = await withDeadline(question, REVOCATIONS_TIMEOUT_MS, 'asking which tokens have ended')
      since = body.until
      const oldest = new Date(body.until).getTime() - ACCESS_TOKEN_SECONDS * 1000
      known = new Map([...known].filter(([, at]) => at >= oldest))
      for (const { user, client, at } of body.revoked) {
        const key = keyOf(user, client ?? undefined)
        known.set(key, Math.max(known.get(key) ?? 0, new Date(at).getTime()))
      }
    } catch (error) {
      log.warn({ err: error }, 'brig does not say which tokens have ended')
    }
  }

  return {
    isRevoked: async ({ user, client }, issuedAt) => {
      if (clock.monotonicMs() - askedMs >= REVOCATIONS_TTL_MS) {
        asking ??= ask().finally(() => {
          asking = undefined
        })
      }
      // Also for who comes while somebody else has asked.
      if (asking) await asking
      if (known.size === 0) return false
      const isEnded = (key: string): boolean => {
        const until = known.get(key)
        return until !== undefined && issuedAt <= until
      }
      return isEnded(keyOf(user)) || (client !== undefined && isEnded(keyOf(user, client)))
    },
  }
}

const keyOf = (user: UserId, client?: string): string => (client === undefined ? user : `${user} ${client}`)
