/** Changing the connection between two users of this backend: both sides in one transaction. */
import { localOneToOne } from '#src/rpc/conversation-ids.ts'
import type { Cause, QueueId } from './announcements.ts'
import { type LocalPair, type LocalStep, placesOfLocalPair } from './connection-rules.ts'
import { connectionEvent, type ConnectionNeeds, isOverLimit, type Refused, type Result } from './connections.ts'
import { timestamp } from './profiles.ts'
import { findConnection, putConnection, type StoredConnection } from './store-connections.ts'
import { lockUsers, type User } from './store-users.ts'
import type { BrigTransaction } from './tables.ts'

export interface LocalChange {
  readonly self: User
  readonly other: User
  /** The rule that says what becomes of the pair; `undefined` is no connection. */
  readonly decide: (pair: LocalPair | undefined) => LocalStep | 'not-connected'
  readonly cause: Cause
}

/** Returns when the conversation and the events that follow have arrived, so that what is answered can be read. */
export const changeLocally = async (
  needs: ConnectionNeeds,
  change: LocalChange,
): Promise<Result | Refused | 'not-connected'> => {
  const done = await needs.db.transaction().execute((tx) => changeInside(tx, needs, change))
  if (typeof done === 'string') return done
  if (done.queued !== undefined) await needs.announcements.arrived(done.queued, change.cause)
  return done.result
}

interface Done {
  readonly result: Result
  readonly queued: QueueId | undefined
}

const changeInside = async (
  tx: BrigTransaction,
  needs: ConnectionNeeds,
  change: LocalChange,
): Promise<Done | Refused | 'not-connected'> => {
  const { self, other, decide } = change
  const { domain, connectionsMax } = needs
  const present = await lockUsers(tx, [self.id, other.id])
  if (!present.has(self.id) || !present.has(other.id)) return 'invalid-user'
  const mine = await findConnection(tx, self.id, { domain, id: other.id })
  const theirs = await findConnection(tx, other.id, { domain, id: self.id })
  const step = decide(mine && { self: mine.status, other: theirs?.status ?? 'cancelled' })
  if (step === 'not-connected') return step
  if (step.kind === 'refused') return 'bad-transition'
  if (step.kind === 'unchanged') {
    return mine ? { result: { kind: 'unchanged', connection: mine }, queued: undefined } : 'bad-transition'
  }
  const limited = { user: self, change: { from: mine?.status, to: step.to.self }, connectionsMax }
  if (await isOverLimit(tx, limited)) return 'connection-limit'
  const { stored, queued } = await store(tx, needs, { ...change, step })
  return { result: { kind: 'changed', connection: stored, isNew: mine === undefined }, queued }
}

interface Storing extends LocalChange {
  readonly step: Extract<LocalStep, { kind: 'changed' }>
}

const store = async (
  tx: BrigTransaction,
  { domain, announcements, clock }: ConnectionNeeds,
  { self, other, step: { to, told }, cause }: Storing,
): Promise<{ stored: StoredConnection; queued: QueueId }> => {
  const conversation = { domain, id: localOneToOne(self.id, other.id) }
  const rowOf = (user: User, peer: User, status: LocalPair['self']) => ({
    user_id: user.id,
    other_domain: domain,
    other_id: peer.id,
    status,
    conversation_domain: conversation.domain,
    conversation_id: conversation.id,
    last_update: clock.now(),
  })
  const mine = await putConnection(tx, rowOf(self, other, to.self))
  const theirs = await putConnection(tx, rowOf(other, self, to.other))
  // The conversation first: clients read it as soon as they hear of the connection.
  let queued = await announcements.align(
    tx,
    {
      self: self.id,
      other: { domain, id: other.id },
      conversation,
      ...placesOfLocalPair(to),
      kind: to.self === 'accepted' || to.other === 'accepted' ? 'one2one' : 'connect',
      actor: 'self',
      at: timestamp(mine.last_update),
    },
    cause,
  )
  for (const side of told) {
    const event = side === 'self' ? connectionEvent(mine, other.name) : connectionEvent(theirs, self.name)
    queued = await announcements.push(tx, { users: [side === 'self' ? self.id : other.id], event }, cause)
  }
  return { stored: mine, queued }
}
