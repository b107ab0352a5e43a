/** Users of ours and how they stand with others, from brig: what decisions about members rest on. */
import type { QualifiedUserId, TeamId, UserId } from '#src/contract/ids.ts'
import { brigInternal, type LocalUser } from '#src/contract/internal/brig.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { userKey } from './conversation.ts'

/** A user of ours, as far as conversations ask. */
export interface Person {
  readonly isVerified: boolean
  readonly team: TeamId | undefined
  /** Of a team, but not to decide anything for it. */
  readonly isPartner: boolean
}

/** Those who do not exist, or no longer, are missing. */
export type People = ReadonlyMap<UserId, Person>

export const NOBODY: People = new Map()

export const lookUpPeople = async (brig: Transport, users: readonly UserId[], requestId: string): Promise<People> => {
  if (users.length === 0) return NOBODY
  const headers = { 'request-id': requestId }
  const { body } = await call(brig, brigInternal['get-users'], { body: { users: [...users] } }, { headers })
  return new Map(body.filter(({ deleted }) => !deleted).map((user) => [user.id, personOf(user)]))
}

const personOf = (user: LocalUser): Person => ({
  isVerified: user.is_verified,
  team: user.team,
  isPartner: user.team_role === 'partner',
})

/** Whom a user of ours is connected with, as {@link userKey}s; who has blocked him is not. */
export const lookUpConnected = async (
  brig: Transport,
  {
    from,
    to,
    requestId,
  }: { readonly from: QualifiedUserId; readonly to: readonly QualifiedUserId[]; requestId: string },
): Promise<ReadonlySet<string>> => {
  if (to.length === 0) return new Set()
  const headers = { 'request-id': requestId }
  const body = { from: from.id, to: [...to] }
  const connections = await call(brig, brigInternal['get-connections-of'], { body }, { headers })
  return new Set(
    connections.body
      // A user of ours may have blocked the one who asks, who does not learn of it from his own side.
      .filter(
        ({ to: other, status, other_status: theirs }) =>
          status === 'accepted' && (other.domain !== from.domain || theirs === 'accepted'),
      )
      .map(({ to: other }) => userKey(other)),
  )
}

/** Users of ours whom one of ours is connected with; who has blocked him is not. */
export const lookUpContacts = async (
  brig: Transport,
  from: QualifiedUserId,
  requestId: string,
): Promise<QualifiedUserId[]> => {
  const headers = { 'request-id': requestId }
  const body = { from: [from.id], relation: 'accepted' as const }
  const accepted = await call(brig, brigInternal['list-connection-statuses'], { body }, { headers })
  // Nobody has so many connections that the answer would not hold them.
  if (accepted.outcome !== 'found') throw new Error(`asking for the contacts of ${from.id}: ${accepted.outcome}`)
  const ours = accepted.body.map(({ qualified_to: to }) => to).filter(({ domain }) => domain === from.domain)
  const connected = await lookUpConnected(brig, { from, to: ours, requestId })
  return ours.filter((user) => connected.has(userKey(user)))
}

/** Everybody of a team of ours. */
export const lookUpTeam = async (brig: Transport, team: TeamId, requestId: string): Promise<UserId[]> => {
  const headers = { 'request-id': requestId }
  const { body } = await call(brig, brigInternal['list-members-of-team'], { params: { team } }, { headers })
  return body.members.map(({ user }) => user)
}
