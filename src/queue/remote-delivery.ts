/** To another backend: ask for its versions, choose the form it understands, send (backend-notifications.md §7). */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import { VERSIONS_TTL_MS } from '#src/rpc/limits.ts'
import { SUPPORTED_VERSIONS } from '#src/rpc/versions.ts'
import type { Verdict } from './classify.ts'
import { type AtOnce, undecodable } from './delivery.ts'
import { Bundle } from './letters.ts'
import type { Peer } from './peer.ts'
import { selectEntry } from './select-entry.ts'

interface Needs {
  readonly peer: Peer
  readonly clock: Clock
  readonly log: Log
}

export const remoteDelivery = ({ peer, clock, log }: Needs): AtOnce => {
  // §16: remembered for seconds, forgotten with the first failure.
  let known: { readonly versions: readonly number[]; readonly untilMs: number } | undefined

  // Letters that start together share one question.
  let asking: Promise<readonly number[] | Verdict> | undefined

  const versions = (requestId: string, signal: AbortSignal): Promise<readonly number[] | Verdict> => {
    if (known && clock.monotonicMs() < known.untilMs) return Promise.resolve(known.versions)
    asking ??= ask(requestId, signal).finally(() => {
      asking = undefined
    })
    return asking
  }

  const ask = async (requestId: string, signal: AbortSignal): Promise<readonly number[] | Verdict> => {
    const answer = await peer.versions(requestId, signal)
    if ('unreachable' in answer) return { verdict: 'retry', reason: answer.unreachable }
    known = { versions: answer.versions, untilMs: clock.monotonicMs() + VERSIONS_TTL_MS }
    return answer.versions
  }

  const deliver = async (bundle: Bundle, signal: AbortSignal): Promise<Verdict> => {
    const requestId = bundle.notifications[0]?.requestId ?? 'N/A'
    hop(log, 'courier', requestId)
    const theirs = await versions(requestId, signal)
    if ('verdict' in theirs) return theirs
    const selected = selectEntry(bundle, theirs, SUPPORTED_VERSIONS)
    if (!selected) {
      const reason = `no version in common: the peer speaks ${theirs.join(', ')}`
      return { verdict: 'retry', reason, patience: 'longest' }
    }
    const { entry, version } = selected
    const { targetComponent: component, path: rpc, requestId: ownRequestId, body } = entry
    const verdict = await peer.post({ component, rpc, version, requestId: ownRequestId, body }, signal)
    if (verdict.verdict !== 'undeliverable') return verdict
    return { ...verdict, request: `${component}/${rpc} in version ${version}, request ${ownRequestId}` }
  }

  return {
    send: async ({ text }, signal) => {
      const bundle = readBundle(text)
      if (typeof bundle === 'string') return undecodable(bundle)
      const verdict = await deliver(bundle, signal)
      if (verdict.verdict !== 'delivered') known = undefined
      return verdict
    },
  }
}

/** The bundle, or what is wrong with it. */
const readBundle = (text: string): Bundle | string => {
  try {
    return Bundle.parse(JSON.parse(text))
  } catch (error) {
    return String(error)
  }
}
