/**
 * Which clients the members of a conversation have: ours from brig, others' from their backends (rules.md §10.2).
 *
 * A device that was registered a moment ago must be reported as missing, so nothing is remembered but what its backend
 * has promised (docs/decisions/device-promises.md), and whoever relies on that must have the promises checked when he acts
 * on it. The asking is shared: messages that are sent at about the same time go into one question per backend.
 */
import type { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { type SharedQuestion, sharedQuestion } from '#src/kit/shared-question.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { type Answer, askClients } from './client-questions.ts'
import type { ClientSets } from './client-sets.ts'
import type { Ephemera } from './ephemera.ts'
import { fanOut, groupByDomain } from './fan-out.ts'
import { CLIENT_QUESTION_USERS_MAX, CLIENT_QUESTIONS_AT_ONCE, QUESTIONED_BACKENDS_MAX } from './limits.ts'
import { type Recalled, rememberedClients } from './remembered-clients.ts'
import type { GenerationStore } from './store-generations.ts'
import type { ReliedOn } from './store-sending.ts'

export interface MemberClients {
  readonly clients: ClientSets
  /** Backends that did not answer, and why. */
  readonly silent: ReadonlyMap<Domain, unknown>
  /** What holds only while these promises do: nothing for those that were asked. */
  readonly promises: readonly ReliedOn[]
}

export interface Wish {
  readonly requestId: string
  /** Instead of asking, where it is remembered of all members of a backend. */
  readonly mayRemember: boolean
}

export interface ClientDirectory {
  /** At most one question per backend whatever the number of members, all at once. */
  clientsOf(members: readonly QualifiedUserId[], wish: Wish): Promise<MemberClients>
}

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly store: GenerationStore
  readonly ephemera: Ephemera
  readonly clock: Clock
}

/** A question is known by the first request that it is put for. */
interface Wanted {
  readonly user: UserId
  readonly requestId: string
}

interface Questions {
  readonly ask: SharedQuestion<Wanted, Answer>
  /** For those whose promises are half over, while messages still rely on them. */
  readonly renew: SharedQuestion<Wanted, Answer>
  readonly renewing: Set<UserId>
}

export const clientDirectory = (needs: Needs): ClientDirectory => {
  const { domain, ephemera, clock } = needs
  const remembered = rememberedClients(clock)
  const questions = questionsTo({ ...needs, remembered })

  const renew = (backend: Domain, users: readonly UserId[], requestId: string): void => {
    const { renew: question, renewing } = questions(backend)
    const left = users.filter((user) => !renewing.has(user))
    if (left.length === 0) return
    ephemera.tell(`renewing promises of ${backend}`, async () => {
      for (const user of left) renewing.add(user)
      try {
        await question(left.map((user) => ({ user, requestId })))
      } finally {
        for (const user of left) renewing.delete(user)
      }
    })
  }

  const recall = (backend: Domain, users: readonly UserId[], requestId: string): Recalled | undefined => {
    const recalled = remembered.recall(backend, users)
    if (recalled?.isAging) renew(backend, users, requestId)
    return recalled
  }

  return {
    clientsOf: async (members, { requestId, mayRemember }) => {
      const found = new Map<Domain, ReadonlyMap<UserId, ReadonlySet<ClientId>>>()
      const promises: ReliedOn[] = []
      const toAsk = new Map<Domain, UserId[]>()
      for (const [backend, group] of groupByDomain(members)) {
        const users = group.map(({ id }) => id)
        const recalled = mayRemember ? recall(backend, users, requestId) : undefined
        if (recalled) {
          promises.push({ domain: backend, generation: recalled.generation })
          found.set(backend, recalled.clients)
        } else toAsk.set(backend, users)
      }
      if (toAsk.size === 0) return { clients: found, silent: NONE, promises }
      const ask = (backend: Domain): Promise<Answer> =>
        questions(backend).ask((toAsk.get(backend) ?? []).map((user) => ({ user, requestId })))
      const { answers, failures } = await fanOut(toAsk.keys(), ask)
      // Our own brig is never silent: without it nothing can be said at all.
      if (failures.has(domain)) throw failures.get(domain)
      for (const [backend, answer] of answers) {
        // Only what was asked for: an answer must not add people to a conversation.
        const asked = toAsk.get(backend) ?? []
        found.set(backend, new Map(asked.map((user) => [user, new Set((answer[user] ?? []).map(({ id }) => id))])))
      }
      return { clients: found, silent: failures, promises }
    },
  }
}

const NONE: ReadonlyMap<Domain, unknown> = new Map()

const questionsTo = (needs: Parameters<typeof askClients>[0]): ((backend: Domain) => Questions) => {
  const ask = askClients(needs)
  const known = boundedCache<Domain, Questions>({ max: QUESTIONED_BACKENDS_MAX, clock: needs.clock })
  return (backend) => {
    const present = known.get(backend)
    if (present) return present
    const shared = (atOnce: number): SharedQuestion<Wanted, Answer> =>
      sharedQuestion({
        ask: (wanted) => ask(backend, [...new Set(wanted.map(({ user }) => user))], wanted[0]?.requestId ?? 'N/A'),
        atOnce,
        keysMax: CLIENT_QUESTION_USERS_MAX,
      })
    const made = { ask: shared(CLIENT_QUESTIONS_AT_ONCE), renew: shared(1), renewing: new Set<UserId>() }
    known.set(backend, made)
    return made
  }
}
