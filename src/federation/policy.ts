/**
 * Whom we talk to (federation-transport.md §10.1). Every request is decided by an answer that was asked for after it had
 * come, so that a domain taken off the list is refused with its next request. Those that come at the same time, or while
 * brig is being asked, share the next question, so that a thousand at once are not a thousand questions.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { endOfTurn } from '#src/kit/turn.ts'
import { POLICY_TIMEOUT_MS } from './limits.ts'

/** What brig answers to `GET /i/federation/remotes`, as far as the transport is concerned. */
export interface KnownRemotes {
  readonly strategy: RemoteConfigs['strategy']
  readonly remotes: readonly { readonly domain: Domain }[]
}

export type RemotesProvider = () => Promise<KnownRemotes>

export type IsAllowed = (domain: Domain) => Promise<boolean>

export const policyOf = (remotes: RemotesProvider): IsAllowed => {
  const ask = shareQuestions(() => askForRemotes(remotes))
  return async (domain) => allows(await ask(), domain)
}

/**
 * Each caller gets an answer to a question that was put after it called. The first one in a turn of the event loop does not
 * wait; those that come after it, or while it is being answered, share one question more, which is put when everything has
 * been looked at that lies ready at the sockets. One is under way at a time.
 */
const shareQuestions = <Answer>(ask: () => Promise<Answer>): (() => Promise<Answer>) => {
  let isRunning = false
  let next: PromiseWithResolvers<Answer> | undefined
  const put = (): Promise<Answer> => {
    isRunning = true
    const asked = ask()
    void goOnAfter(asked)
    return asked
  }
  const goOnAfter = async (asked: Promise<Answer>): Promise<void> => {
    // A failure is told to those who asked; those who come after it ask anew.
    await Promise.allSettled([asked, endOfTurn()])
    isRunning = false
    const waiting = next
    next = undefined
    waiting?.resolve(put())
  }
  return () => (isRunning ? (next ??= Promise.withResolvers()).promise : put())
}

export const askForRemotes = (remotes: RemotesProvider): Promise<KnownRemotes> =>
  withDeadline(remotes(), POLICY_TIMEOUT_MS, 'asking brig for the known remotes')

export const allows = ({ strategy, remotes }: KnownRemotes, domain: Domain): boolean => {
  switch (strategy) {
    case 'allowAll':
      return true
    case 'allowNone':
      return false
    case 'allowDynamic':
      return remotes.some((remote) => remote.domain === domain)
  }
}
