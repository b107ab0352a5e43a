/**
 * Saying that we are back. A peer's lane to us may be waiting for up to its longest interval; any request of ours is a
 * sign of life for it. Lanes in which something waits greet by themselves, with their first attempt.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { GREETING_RETRY_MAX_MS, GREETING_RETRY_MIN_MS, GREETING_TRIES, GREETINGS_AT_ONCE } from './limits.ts'
import type { Peer } from './peer.ts'
import { retryDelayMs } from './retry.ts'

interface Needs {
  readonly knownDomains: () => Promise<readonly Domain[]>
  readonly peerOf: (domain: Domain) => Peer
  /** Whom a lane greets. */
  readonly isGreeted: (domain: Domain) => boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Ends when everybody was told or tried often enough; a peer that is away greets us when it comes back. */
export const greetPeers = async (needs: Needs, stop: AbortSignal): Promise<void> => {
  const { knownDomains, isGreeted, log } = needs
  let domains: readonly Domain[] = []
  await persist(needs, stop, async () => {
    try {
      domains = await knownDomains()
      return true
    } catch (error) {
      log.debug({ reason: causeChain(error) }, 'the peers to greet are not known yet')
      return false
    }
  })
  const waiting = domains.filter((domain) => !isGreeted(domain)).values()
  const greetOneAfterAnother = async (): Promise<void> => {
    for (const domain of waiting) await greet(needs, domain, stop)
  }
  await Promise.all(Array.from({ length: GREETINGS_AT_ONCE }, greetOneAfterAnother))
}

const greet = (needs: Needs, domain: Domain, stop: AbortSignal): Promise<void> =>
  persist(needs, stop, async () => {
    const requestId = needs.random.uuid()
    const answer = await needs.peerOf(domain).versions(requestId, stop)
    if ('versions' in answer) return true
    needs.log.debug({ domain, reason: answer.unreachable }, 'not greeted')
    return false
  })

const persist = async ({ clock, random }: Needs, stop: AbortSignal, tryOnce: () => Promise<boolean>): Promise<void> => {
  for (let failures = 1; failures <= GREETING_TRIES && !stop.aborted; failures += 1) {
    if (await tryOnce()) return
    const [minMs, maxMs] = [GREETING_RETRY_MIN_MS, GREETING_RETRY_MAX_MS]
    await clock.sleep(retryDelayMs({ failures, unit: random.unit(), minMs, maxMs }), stop).catch(ignoreAbort)
  }
}

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}
