/**
 * To another backend: ask for its versions, choose the form it understands, send (backend-notifications.md §7). Several
 * letters travel in one request if the peer has announced that it takes them so (docs/decisions/notification-batch.md).
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import { VERSIONS_TTL_MS } from '#src/rpc/limits.ts'
import { SUPPORTED_VERSIONS } from '#src/rpc/versions.ts'
import { classifyBatchResult, type Untried, type Verdict } from './classify.ts'
import { type AtOnce, undecodable } from './delivery.ts'
import { Bundle } from './letters.ts'
import { BATCH_LETTERS_MAX } from './limits.ts'
import type { StoredLetter } from './outbox-store.ts'
import type { Peer, PeerRequest } from './peer.ts'
import { selectEntry } from './select-entry.ts'

interface Needs {
  readonly peer: Peer
  readonly clock: Clock
  readonly log: Log
}

export const remoteDelivery = (needs: Needs): AtOnce => {
  const { peer } = needs
  const knowledge = knowledgeOf(needs)

  const sendOne = async (request: PeerRequest, signal: AbortSignal): Promise<Verdict> => {
    const verdict = await peer.post(request, signal)
    return verdict.verdict === 'undeliverable' ? { ...verdict, request: described(request) } : verdict
  }

  const sendMany = async (
    requests: readonly PeerRequest[],
    signal: AbortSignal,
  ): Promise<readonly (Verdict | Untried)[]> => {
    const answered = await peer.postBatch(requests, signal)
    if (!('verdict' in answered)) {
      return requests.map((request, index) => {
        const verdict = classifyBatchResult(answered[index] ?? { outcome: 'untried' })
        return verdict.verdict === 'undeliverable' ? { ...verdict, request: described(request) } : verdict
      })
    }
    if (answered.verdict === 'retry' && !answered.isOfLetter) return requests.map(() => answered)
    // The peer is there and does not take it like this, whatever it announced: then one by one.
    knowledge.noBatches()
    return requests.map(() => UNTRIED)
  }

  return {
    get carries() {
      return knowledge.takesBatches ? BATCH_LETTERS_MAX : 1
    },
    send: async (letters, signal) => {
      const prepared = await prepare(letters, { theirs: (id) => knowledge.versions(id, signal), log: needs.log })
      const sent = [...prepared.requests.values()]
      const [first] = sent
      const count = knowledge.takesBatches && first?.component === BATCHED ? sent.length : 1
      const going = sent.slice(0, count)
      const outcomes = going.length > 1 ? await sendMany(going, signal) : first ? [await sendOne(first, signal)] : []
      const byLetter = new Map([...prepared.requests.keys()].map((letter, index) => [letter, outcomes[index]]))
      const verdicts = letters.map((letter) => prepared.verdicts.get(letter) ?? byLetter.get(letter) ?? UNTRIED)
      if (verdicts.some(({ verdict }) => verdict === 'retry' || verdict === 'undeliverable')) knowledge.forget()
      return verdicts
    },
  }
}

const UNTRIED: Untried = { verdict: 'untried' }

/** The component that has an RPC for batches; the others hear little. */
const BATCHED = 'galley'

const described = ({ component, rpc, version, requestId }: PeerRequest): string =>
  `${component}/${rpc} in version ${version}, request ${requestId}`

type Theirs = readonly number[] | Extract<Verdict, { verdict: 'retry' }>

/** §16: what a peer says of itself is remembered for seconds, and forgotten with the first failure. */
const knowledgeOf = ({ peer, clock }: Needs) => {
  let known: { readonly versions: readonly number[]; readonly untilMs: number } | undefined
  let takesBatches = false
  // Letters that start together share one question.
  let asking: Promise<Theirs> | undefined

  const ask = async (requestId: string, signal: AbortSignal): Promise<Theirs> => {
    const answer = await peer.versions(requestId, signal)
    if ('unreachable' in answer) return { verdict: 'retry', reason: answer.unreachable }
    known = { versions: answer.versions, untilMs: clock.monotonicMs() + VERSIONS_TTL_MS }
    takesBatches = answer.takesBatches
    return answer.versions
  }

  return {
    get takesBatches() {
      return takesBatches
    },
    versions: (requestId: string, signal: AbortSignal): Promise<Theirs> => {
      if (known && clock.monotonicMs() < known.untilMs) return Promise.resolve(known.versions)
      asking ??= ask(requestId, signal).finally(() => {
        asking = undefined
      })
      return asking
    },
    forget: (): void => {
      known = undefined
    },
    /** Until it is asked again. */
    noBatches: (): void => {
      takesBatches = false
    },
  }
}

interface Prepared {
  /** In the order of the letters. */
  readonly requests: ReadonlyMap<StoredLetter, PeerRequest>
  /** Of those that cannot be sent. */
  readonly verdicts: ReadonlyMap<StoredLetter, Verdict>
}

interface Preparing {
  readonly theirs: (requestId: string) => Promise<Theirs>
  readonly log: Log
}

/** What there is to send to one component; up to a letter that must wait, or is for another component. */
const prepare = async (letters: readonly StoredLetter[], { theirs, log }: Preparing): Promise<Prepared> => {
  const requests = new Map<StoredLetter, PeerRequest>()
  const verdicts = new Map<StoredLetter, Verdict>()
  for (const letter of letters) {
    const bundle = letter.bundle ?? readBundle(letter.text)
    if (typeof bundle === 'string') {
      verdicts.set(letter, undecodable(bundle))
      continue
    }
    const requestId = bundle.notifications[0]?.requestId ?? 'N/A'
    hop(log, 'courier', requestId)
    const request = requestFor(bundle, await theirs(requestId))
    if ('verdict' in request) {
      verdicts.set(letter, request)
      break
    }
    const [first] = requests.values()
    if (first && first.component !== request.component) break
    requests.set(letter, request)
  }
  return { requests, verdicts }
}

const requestFor = (bundle: Bundle, theirs: Theirs): PeerRequest | Verdict => {
  if ('verdict' in theirs) return theirs
  const selected = selectEntry(bundle, theirs, SUPPORTED_VERSIONS)
  if (!selected) {
    const reason = `no version in common: the peer speaks ${theirs.join(', ')}`
    return { verdict: 'retry', reason, patience: 'longest' }
  }
  const { entry, version } = selected
  const { targetComponent: component, path: rpc, requestId, body } = entry
  return { component, rpc, version, requestId, body }
}

/** The bundle, or what is wrong with it. */
const readBundle = (text: string): Bundle | string => {
  try {
    return Bundle.parse(JSON.parse(text))
  } catch (error) {
    return String(error)
  }
}
