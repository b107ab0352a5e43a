/**
 * The end of an account (rules.md §14). Everything happens in one transaction: what the account had is gone, and whoever
 * has to be told waits in the queue, in the order in which they have to hear of it. However many they are, a crash costs
 * nothing: the queue goes on where it was.
 */
import type { Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Bundle } from '#src/queue/letters.ts'
import { enqueue, type Letter, remoteLetter } from '#src/queue/outbox.ts'
import type { Announcements, Cause, QueueId } from './announcements.ts'
import { connectionEvent } from './connections.ts'
import type { DeviceChanges } from './device-changes.ts'
import { CONNECTIONS_PER_NOTIFICATION } from './limits.ts'
import { timestamp } from './profiles.ts'
import type { StoredConnection } from './store-connections.ts'
import { deleteConnectionsOf, deleteConnectionsTo, eraseUser } from './store-deletion.ts'
import { insertRevocation } from './store-revocations.ts'
import { listTeamRoles } from './store-teams.ts'
import { findUser, lockUsers, type User } from './store-users.ts'
import type { BrigTransaction, DeviceTransaction } from './tables.ts'

export interface DeletionNeeds {
  readonly changes: DeviceChanges
  readonly domain: Domain
  readonly announcements: Announcements
  readonly clock: Clock
}

/** `undefined` when the account was gone already. */
export const deleteAccount = async (
  tx: DeviceTransaction,
  needs: DeletionNeeds,
  { id, cause }: { readonly id: UserId; readonly cause: Cause },
): Promise<QueueId | undefined> => {
  // Every change of a connection between two users of ours locks both, so this one lock keeps all of them still.
  await lockUsers(tx, [id])
  const user = await findUser(tx, id)
  if (!user || user.status === 'deleted') return undefined
  const who = { domain: needs.domain, id }
  const theirs = await deleteConnectionsTo(tx, who)
  const own = await deleteConnectionsOf(tx, id)
  await eraseUser(tx, id)
  await insertRevocation(tx, { user: id, client: undefined, at: needs.clock.now() })
  await tellContacts(tx, needs, { who, theirs, cause })
  await tellTeam(tx, needs, { user, cause })
  await enqueue(tx, lettersToBackends(needs.domain, { user: id, own, requestId: cause.requestId }))
  return needs.announcements.forgetUser(tx, { user: id }, cause)
}

/** His devices, his contacts, and those he had asked and who have not answered. */
const tellContacts = async (
  tx: BrigTransaction,
  { announcements, clock }: DeletionNeeds,
  told: { readonly who: QualifiedUserId; readonly theirs: readonly StoredConnection[]; readonly cause: Cause },
): Promise<void> => {
  const { who, theirs, cause } = told
  const now = clock.now()
  for (const connection of theirs.filter(({ status }) => status === 'pending' || status === 'ignored')) {
    const cancelled: StoredConnection = { ...connection, status: 'cancelled', last_update: now }
    await announcements.push(
      tx,
      { users: [connection.user_id], event: connectionEvent(cancelled, undefined) },
      { requestId: cause.requestId },
    )
  }
  const contacts = theirs.filter(({ status }) => status === 'accepted').map((connection) => connection.user_id)
  await announcements.push(tx, { users: [who.id, ...contacts], event: userDeleted(who) }, cause)
}

/** For whoever knew the user, here or on another backend. */
export const userDeleted = (who: QualifiedUserId) => ({ type: 'user.delete', id: who.id, qualified_id: who })

const tellTeam = async (
  tx: BrigTransaction,
  { announcements, clock }: DeletionNeeds,
  { user, cause }: { readonly user: User; readonly cause: Cause },
): Promise<void> => {
  const { team_id: team } = user
  const members = team === null ? [] : await listTeamRoles(tx, team)
  if (members.length === 0) return
  const event = { type: 'team.member-leave', team, time: timestamp(clock.now()), data: { user: user.id } }
  await announcements.push(tx, { users: members.map(({ id }) => id), event }, cause)
}

interface Told {
  readonly user: UserId
  readonly own: readonly StoredConnection[]
  readonly requestId: string
}

/**
 * Each backend on which somebody had to do with the user. Requests that were not answered are withdrawn first: once the
 * connection is deleted there nobody would hear of it. The original withdraws them with a call that is lost while the
 * peer is down; in the lane it keeps its place, and the peer cannot tell the difference.
 */
const lettersToBackends = (ownDomain: Domain, { user, own, requestId }: Told): Letter[] => {
  const remote = own.filter(({ other_domain: domain }) => domain !== ownDomain)
  const byDomain = Map.groupBy(remote, ({ other_domain: domain }) => domain)
  return [...byDomain].flatMap(([domain, connections]) => {
    const asked = connections.filter(({ status }) => status === 'sent')
    const ids = connections.map(({ other_id: id }) => id)
    return [
      ...asked.map(({ other_id: to }) =>
        remoteLetter(domain, bundle('send-connection-action', rescind(user, to), requestId)),
      ),
      ...chunks(ids, CONNECTIONS_PER_NOTIFICATION).map((some) =>
        remoteLetter(domain, bundle('on-user-deleted-connections', { user, connections: some }, requestId)),
      ),
    ]
  })
}

const rescind = (from: UserId, to: UserId) => ({ from, from_team: null, to, action: 'RemoteRescind' })

const bundle = (path: string, body: unknown, requestId: string): Bundle => ({
  notifications: [{ targetComponent: 'brig', path, body: JSON.stringify(body), bodyVersions: { from: 0 }, requestId }],
})

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
