/**
 * A stub resolver with a memory. Answers are kept as long as they allow, at most five minutes, and records for one
 * minute more while no resolver can be asked (RFC 8767); that something does not exist is kept as long as its SOA
 * allows; failures are not kept, so that a recovered resolver is noticed with the next request. However many requests
 * need a name, it is asked for once.
 */
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Random } from '#src/kit/random.ts'
import { DNS_ALIASES_MAX, DNS_STALE_ANSWER_MS, DNS_TRIES } from '../limits.ts'
import type { DnsAnswer } from './answer.ts'
import { ask, type DnsServerAddress } from './exchange.ts'
import { createDnsMemory } from './memory.ts'
import type { Question } from './message.ts'

export interface Resolver {
  /** Never rejects: what went wrong is an answer too. */
  lookup(question: Question): Promise<DnsAnswer>
}

export interface ResolverNeeds {
  /** Asked in this order. */
  readonly servers: readonly DnsServerAddress[]
  /** For one try of one server. */
  readonly timeoutMs: number
  /** For one lookup with all its tries, resolvers and aliases. */
  readonly lookupTimeoutMs: number
  readonly onLookup?: (use: 'hit' | 'stale' | 'miss') => void
  readonly clock: Clock
  readonly random: Random
}

export const createResolver = (needs: ResolverNeeds): Resolver => {
  const known = createDnsMemory(needs.clock)
  const underWay = new Map<string, Promise<DnsAnswer>>()

  const lookUpNow = async (key: string, question: Question): Promise<DnsAnswer> => {
    const answer = await withDeadline(resolve(question, needs), needs.lookupTimeoutMs, 'looking up a name').catch(
      (error: unknown): DnsAnswer => ({ outcome: 'failure', reason: String(error) }),
    )
    if (answer.outcome === 'failure') known.askedInVain(key)
    else known.set(key, answer)
    return answer
  }

  const lookUpOnce = (key: string, question: Question): Promise<DnsAnswer> => {
    const pending = underWay.get(key)
    if (pending) return pending
    const started = lookUpNow(key, question).finally(() => underWay.delete(key))
    underWay.set(key, started)
    return started
  }

  return {
    lookup: async (question) => {
      const key = `${question.type} ${question.name.toLowerCase()}`
      const remembered = known.get(key)
      needs.onLookup?.(remembered ? (remembered.isGood ? 'hit' : 'stale') : 'miss')
      if (remembered?.isGood) return remembered.answer
      const asked = lookUpOnce(key, question)
      return remembered ? newerOr(remembered.answer, asked, needs.clock) : asked
    },
  }
}

/** The newer answer if it comes soon and is one; asking goes on for those who come later. */
const newerOr = async (old: DnsAnswer, asked: Promise<DnsAnswer>, clock: Clock): Promise<DnsAnswer> => {
  const waited = Promise.withResolvers<DnsAnswer>()
  using _timer = clock.after(DNS_STALE_ANSWER_MS, () => waited.resolve(old))
  const answer = await Promise.race([asked, waited.promise])
  return answer.outcome === 'failure' ? old : answer
}

/** Follows aliases for resolvers that do not (an authoritative server asked directly). */
const resolve = async (question: Question, needs: ResolverNeeds): Promise<DnsAnswer> => {
  let name = question.name
  let ttlSeconds = Number.POSITIVE_INFINITY
  for (let links = 0; links <= DNS_ALIASES_MAX; links++) {
    const answer = await askInTurn({ ...question, name }, needs)
    if (answer.outcome === 'failure') return answer
    ttlSeconds = Math.min(ttlSeconds, answer.ttlSeconds)
    if (answer.outcome !== 'alias') return { ...answer, ttlSeconds }
    name = answer.of
  }
  return { outcome: 'failure', reason: 'too many aliases' }
}

/** A server that answers with a failure is not asked again, one that stays silent is. */
const askInTurn = async (question: Question, { servers, timeoutMs, random }: ResolverNeeds): Promise<DnsAnswer> => {
  let candidates = servers
  let reason = 'there is no resolver'
  for (let round = 0; round < DNS_TRIES; round++) {
    const silent: DnsServerAddress[] = []
    for (const server of candidates) {
      const reply = await ask(server, question, { timeoutMs, random })
      if (reply.outcome === 'silence') silent.push(server)
      else if (reply.outcome !== 'failure') return reply
      reason = reply.reason
    }
    candidates = silent
  }
  return { outcome: 'failure', reason }
}
