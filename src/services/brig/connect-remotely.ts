/**
 * Changing our side of a connection with a user of another backend. The other side is told first and ours is stored
 * after: a backend that cannot be reached leaves nothing behind here. No transaction is open while we wait for it, so
 * our side may have changed meanwhile; then what we told it is not what we would store, and the change begins anew.
 */
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { NewConnectionResponse, RemoteConnectionAction } from '#src/contract/federation/brig.ts'
import type { UserProfile } from '#src/contract/federation/users.ts'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { derivedOneToOne } from '#src/rpc/conversation-ids.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { Cause, QueueId } from './announcements.ts'
import {
  afterOurs,
  afterTheirs,
  type LocalAction,
  placesOfRemotePair,
  type Status,
  transmitted,
} from './connection-rules.ts'
import { connectionEvent, type ConnectionNeeds, isOverLimit, type Refused, type Result } from './connections.ts'
import { isFederatingTeam, type KnownRemotes } from './known-remotes.ts'
import { TRANSITION_ATTEMPTS_MAX } from './limits.ts'
import type { OtherBackends } from './other-backends.ts'
import { timestamp } from './profiles.ts'
import { findConnection, putConnection, type StoredConnection } from './store-connections.ts'
import { lockUsers, type User } from './store-users.ts'
import type { BrigTransaction } from './tables.ts'

export interface RemoteConnectionNeeds extends ConnectionNeeds {
  readonly remotes: RemoteBackends
  readonly others: OtherBackends
  readonly known: KnownRemotes
  /** Before a change begins anew for the `attempt`-th time, each side for another while. */
  readonly pause: (attempt: number) => Promise<void>
}

export interface RemoteChange {
  readonly self: User
  readonly other: QualifiedUserId
  readonly action: LocalAction
  readonly cause: Cause
}

/** Throws the `FederationFailure` of a backend that cannot be asked. */
export const changeRemotely = async (needs: RemoteConnectionNeeds, change: RemoteChange): Promise<Result | Refused> => {
  const { self, other, action } = change
  let profile: UserProfile | undefined
  for (let attempt = 0; attempt < TRANSITION_ATTEMPTS_MAX; attempt += 1) {
    const before = await findConnection(needs.db, self.id, other)
    const ours = afterOurs(before?.status, action)
    if (ours === undefined) return before ? { kind: 'unchanged', connection: before } : 'bad-transition'
    const told = await tell(needs, change, { before, ours, profile })
    if (typeof told === 'string') return told
    profile = told.profile
    const stored = await needs.db.transaction().execute((tx) => store(tx, needs, { ...change, ...told, before, ours }))
    if (!stored) {
      // Two who change their sides in step would otherwise put each other off every time.
      await needs.pause(attempt + 1)
      continue
    }
    if (typeof stored === 'string') {
      // Others of our user's requests were faster, or his end; this one was told already, and is taken back.
      await send(needs, { self, other, action: 'RemoteRescind', cause: change.cause })
      return stored
    }
    if (stored.queued !== undefined) await needs.announcements.arrived(stored.queued, change.cause)
    return stored.result
  }
  throw new FederationFailure(
    { domain: other.domain, rpc: 'send-connection-action' },
    533,
    'federation-unexpected-body',
    {
      detail: `${other.domain} changed the connection whenever it was told of a change`,
    },
  )
}

interface Step {
  readonly before: StoredConnection | undefined
  readonly ours: Status
  /** The other one's, once it was looked at. */
  readonly profile: UserProfile | undefined
}

interface Told {
  readonly reaction: RemoteConnectionAction | null
  readonly profile: UserProfile | undefined
}

const tell = async (
  needs: RemoteConnectionNeeds,
  { self, other, action, cause }: RemoteChange,
  { before, ours, profile: known }: Step,
): Promise<Told | Refused> => {
  const sent = transmitted(action)
  // Who blocks or ignores must not depend on the other backend; but nobody fills our tables with people who are not.
  if (sent === undefined && before) return { reaction: null, profile: known }
  const profile = known ?? (await federatingProfile(needs, other, cause))
  if (typeof profile === 'string') return profile
  const limited = { user: self, change: { from: before?.status, to: ours }, connectionsMax: needs.connectionsMax }
  if (await isOverLimit(needs.db, limited)) return 'connection-limit'
  if (sent === undefined) return { reaction: null, profile }
  const answer = await send(needs, { self, other, action: sent, cause })
  switch (answer.tag) {
    case 'NewConnectionResponseOk':
      return { reaction: answer.contents, profile }
    case 'NewConnectionResponseNotFederating':
      return 'team-not-federating'
    case 'NewConnectionResponseUserNotActivated':
      return 'invalid-user'
    default:
      return answer satisfies never
  }
}

const send = (
  { remotes }: RemoteConnectionNeeds,
  { self, other, action, cause }: Omit<RemoteChange, 'action'> & { readonly action: RemoteConnectionAction },
): Promise<NewConnectionResponse> => {
  const input = { from: self.id, from_team: self.team_id, to: other.id, action }
  return remotes.call(other.domain, brigFederation['send-connection-action'], input, cause)
}

const federatingProfile = async (
  { others, known }: RemoteConnectionNeeds,
  { domain, id }: QualifiedUserId,
  { requestId }: Cause,
): Promise<UserProfile | Refused> => {
  const [profile] = await others.profiles(domain, [id], { requestId })
  if (!profile || profile.deleted) return 'invalid-user'
  return (await isFederatingTeam(known, domain, profile.team ?? null)) ? profile : 'team-not-federating'
}

interface Storing extends RemoteChange, Step, Told {}

interface Stored {
  readonly result: Result
  readonly queued: QueueId | undefined
}

/** `undefined` when our side is no longer as it was when the other one was told. */
const store = async (
  tx: BrigTransaction,
  needs: RemoteConnectionNeeds,
  step: Storing,
): Promise<Stored | 'connection-limit' | 'invalid-user' | undefined> => {
  const { self, other, before, ours, reaction, profile, cause } = step
  if (!(await lockUsers(tx, [self.id])).has(self.id)) return 'invalid-user'
  const current = await findConnection(tx, self.id, other)
  if (current?.revision !== before?.revision) return undefined
  const limited = { user: self, change: { from: current?.status, to: ours }, connectionsMax: needs.connectionsMax }
  if (await isOverLimit(tx, limited)) return 'connection-limit'
  const settled = (reaction && afterTheirs(ours, reaction)) ?? ours
  if (current && settled === current.status) {
    return { result: { kind: 'unchanged', connection: current }, queued: undefined }
  }
  const connection = await putSide(tx, needs, { user: self, other, status: settled })
  await alignRemotePair(tx, needs, { connection, status: ours, actor: 'self', cause })
  if (settled !== ours) await alignRemotePair(tx, needs, { connection, status: settled, actor: 'other', cause })
  const event = connectionEvent(connection, profile?.name)
  const queued = await needs.announcements.push(tx, { users: [self.id], event }, cause)
  return { result: { kind: 'changed', connection, isNew: !current }, queued }
}

/** Our side of the connection of a remote pair, with the conversation that both backends derive for it. */
export const putSide = (
  tx: BrigTransaction,
  { domain, clock }: ConnectionNeeds,
  { user, other, status }: { readonly user: User; readonly other: QualifiedUserId; readonly status: Status },
): Promise<StoredConnection> => {
  const conversation = derivedOneToOne('proteus', { domain, id: user.id }, other)
  return putConnection(tx, {
    user_id: user.id,
    other_domain: other.domain,
    other_id: other.id,
    status,
    conversation_domain: conversation.domain,
    conversation_id: conversation.id,
    last_update: clock.now(),
  })
}

/** A step moves only the one who made it (rules.md §2.4). */
export const alignRemotePair = (
  tx: BrigTransaction,
  { announcements }: ConnectionNeeds,
  step: {
    readonly connection: StoredConnection
    readonly status: Status
    readonly actor: 'self' | 'other'
    readonly cause: Cause
  },
): Promise<QueueId> => {
  const { connection, status, actor, cause } = step
  const alignment = {
    self: connection.user_id,
    other: { domain: connection.other_domain, id: connection.other_id },
    conversation: { domain: connection.conversation_domain, id: connection.conversation_id },
    ...placesOfRemotePair(status),
    kind: status === 'accepted' ? ('one2one' as const) : ('connect' as const),
    actor,
    at: timestamp(connection.last_update),
  }
  return announcements.align(tx, alignment, cause)
}
