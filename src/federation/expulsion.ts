/**
 * A domain that is taken off the list loses the sessions we hold with it, not only its next request: a connection
 * that is open keeps a door open. The list may be changed in another process or by hand in the database, so it is
 * looked at again and again, but only while there is a session that could be ended.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { REMOTES_POLL_MS } from './limits.ts'
import { allows, askForRemotes, type IsAllowed, policyOf, type RemotesProvider } from './policy.ts'

/** The sessions that we hold, by domain. */
export interface PeerSessions {
  domains(): readonly Domain[]
  /** Requests under way get a moment to finish. */
  close(domain: Domain): void
}

export interface ExpulsionNeeds {
  readonly remotes: RemotesProvider
  readonly clock: Clock
  readonly log: Log
}

export interface Expulsion extends Disposable {
  /** The policy; a check that is answered with no also ends what is open, at once. */
  readonly isAllowed: IsAllowed
  /** From now on these sessions are looked after. */
  watch(sessions: PeerSessions): void
}

export const createExpulsion = ({ remotes, clock, log }: ExpulsionNeeds): Expulsion => {
  const stack = new DisposableStack()
  const policy = policyOf(remotes)
  let watched: PeerSessions | undefined
  return {
    isAllowed: async (domain) => {
      const answer = await policy(domain)
      if (!answer) watched?.close(domain)
      return answer
    },
    watch: (sessions) => {
      watched = sessions
      const look = (): Promise<void> => expelUnlisted(sessions, { remotes, log })
      stack.use(repeatedly(look, { clock, log }))
    },
    [Symbol.dispose]: () => stack.dispose(),
  }
}

const expelUnlisted = async (
  sessions: PeerSessions,
  { remotes, log }: Pick<ExpulsionNeeds, 'remotes' | 'log'>,
): Promise<void> => {
  const open = sessions.domains()
  if (open.length === 0) return
  const known = await askForRemotes(remotes)
  for (const domain of open) {
    if (allows(known, domain)) continue
    log.info({ domain }, 'no longer on the list of remotes: its sessions are closed')
    sessions.close(domain)
  }
}

const repeatedly = (look: () => Promise<void>, { clock, log }: Pick<ExpulsionNeeds, 'clock' | 'log'>): Disposable => {
  let timer: Disposable | undefined
  let isStopped = false
  const again = (): void => {
    if (isStopped) return
    timer = clock.after(REMOTES_POLL_MS, () => {
      look()
        // Nobody is let in or out while brig is away, so the sessions lie idle until it is back.
        .catch((error: unknown) => log.debug({ err: error }, 'the list of remotes could not be looked at'))
        .finally(again)
    })
  }
  again()
  return {
    [Symbol.dispose]: () => {
      isStopped = true
      timer?.[Symbol.dispose]()
    },
  }
}
