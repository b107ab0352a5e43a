/**
 * Telling those who were promised it that devices are about to change, and waiting for them: until each has answered or
 * nothing that was promised counts any more. One question at a time to each; changes that come together share it.
 */
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { Domain } from '#src/contract/ids.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { causeChain } from '#src/kit/errors.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { type SharedQuestion, sharedQuestion } from '#src/kit/shared-question.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import {
  DEVICE_WATCHERS_MAX,
  PROMISE_OVER_MS,
  TELL_AGAIN_MS,
  WATCHER_PROMPT_MS,
  WATCHERS_TOLD_AT_ONCE,
} from './limits.ts'

/** Returns when nobody relies any more on what was promised before; who did not answer, or not promptly. */
export type TellWatchers = (watchers: readonly Domain[], requestId: string) => Promise<readonly Domain[]>

interface Needs {
  readonly domain: Domain
  readonly galley: Transport
  readonly remotes: RemoteBackends
  readonly clock: Clock
  readonly log: Log
}

export const tellWatchers = (needs: Needs): TellWatchers => {
  const { clock, log } = needs
  const questions = questionsTo(needs)

  /** Whether it answered promptly. */
  const tell = async (watcher: Domain, requestId: string, over: AbortSignal): Promise<boolean> => {
    const begunMs = clock.monotonicMs()
    while (!over.aborted) {
      try {
        await questions(watcher)([requestId])
        return clock.monotonicMs() - begunMs <= WATCHER_PROMPT_MS
      } catch (error) {
        log.debug({ reason: causeChain(error), watcher }, 'telling that devices change')
      }
      // Being cut short is one of the ways in which a wait ends.
      await clock.sleep(TELL_AGAIN_MS, over).catch(() => undefined)
    }
    return false
  }

  return async (watchers, requestId) => {
    const over = new AbortController()
    const late = new Set<Domain>()
    const waiting = [...watchers]
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        late.add(next)
        if (await tell(next, requestId, over.signal)) late.delete(next)
      }
    }
    const workers = Array.from({ length: Math.min(WATCHERS_TOLD_AT_ONCE, watchers.length) }, work)
    const timeIsUp = clock.sleep(PROMISE_OVER_MS, over.signal).catch(() => undefined)
    await Promise.race([Promise.all(workers), timeIsUp])
    waiting.length = 0
    over.abort()
    return [...late]
  }
}

const questionsTo = ({
  domain,
  galley,
  remotes,
  clock,
}: Needs): ((watcher: Domain) => SharedQuestion<string, void>) => {
  const ask = async (watcher: Domain, requestId: string): Promise<void> => {
    if (watcher === domain) {
      const headers = { 'request-id': requestId }
      const asked = call(galley, galleyInternal['forget-clients'], { body: {} }, { headers })
      await withDeadline(asked, PROMISE_OVER_MS, 'telling galley that devices change')
    } else {
      await remotes.call(watcher, galleyFederation['forget-clients'], {}, { requestId, timeoutMs: PROMISE_OVER_MS })
    }
  }
  const known = boundedCache<Domain, SharedQuestion<string, void>>({ max: DEVICE_WATCHERS_MAX, clock })
  return (watcher) => {
    const question =
      known.get(watcher) ??
      sharedQuestion<string, void>({
        ask: ([requestId = 'N/A']) => ask(watcher, requestId),
        atOnce: 1,
        keysMax: Number.POSITIVE_INFINITY,
      })
    known.set(watcher, question)
    return question
  }
}
