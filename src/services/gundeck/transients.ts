/**
 * What matters only now: typing, ringing. Told to open sockets, here and on other replicas, at most once; a replica
 * that cannot be told does without, for nobody would want to hear of it later.
 */
import type { Push } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { asciiJson, frame } from './frame.ts'
import type { Position } from './notification-id.ts'
import type { Transient } from './replica-note.ts'
import type { Sockets } from './sockets.ts'

export interface Transients {
  send(push: Push): Promise<void>
}

interface Needs {
  readonly announce: (transient: Transient) => Promise<void>
  /** To those who are connected here. */
  readonly tell: (transient: Transient) => void
  readonly clock: Clock
  readonly log: Log
}

export const transients = ({ announce, tell, clock, log }: Needs): Transients => {
  let count = 0
  // Within the millisecond before now: whatever is stored later is later, so a client that takes the id of a transient
  // notification for the last it has seen (older ones do) misses nothing.
  const position = (): Position => (clock.now().getTime() - 1) * 1000 + (count++ % 1000)
  return {
    send: async (push) => {
      const grouped = byPayload(push, position())
      for (const transient of grouped) tell(transient)
      for (const transient of grouped) {
        await announce(transient).catch((error: unknown) =>
          log.warn({ err: error }, 'telling replicas of a transient event'),
        )
      }
    },
  }
}

export const sendTransient = (sockets: Sockets, { at, payload, recipients }: Transient): void => {
  for (const { user, clients, originConnection } of recipients) {
    const presence = sockets.presenceOf(user)
    if (presence) {
      sockets.send(presence, { clients, originConnection }, () => frame({ user, at, payload, isTransient: true }))
    }
  }
}

const byPayload = ({ recipients, payload, origin }: Push, at: Position): Transient[] => {
  const groups = new Map<unknown, Transient>()
  for (const { user, clients, payload: own = payload } of recipients) {
    const group = groups.get(own) ?? { at, payload: asciiJson(own), recipients: [] }
    groups.set(own, group)
    group.recipients.push({ user, clients, ...(origin?.user === user && { originConnection: origin.connection }) })
  }
  return [...groups.values()]
}
