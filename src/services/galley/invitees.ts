/** May these people be brought into a group by this one? (rules.md §5, client-conversations.md §3) */
import type { Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { brigInternal, type LocalUser } from '#src/contract/internal/brig.ts'
import type { AccessRole } from '#src/contract/vocabulary.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { mayJoin } from './access.ts'

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
}

export interface Invitation {
  readonly by: UserId
  readonly invitees: readonly QualifiedUserId[]
  readonly accessRoles: readonly AccessRole[]
  readonly requestId: string
}

/** Undefined when nothing is to be said against it. */
export const refuseInvitation = async (
  { domain, brig }: Needs,
  { by, invitees, accessRoles, requestId }: Invitation,
): Promise<'operation-denied' | 'not-connected' | 'access-denied' | undefined> => {
  const headers = { 'request-id': requestId }
  const local = invitees.filter((user) => user.domain === domain).map(({ id }) => id)
  const [users, connections] = await Promise.all([
    call(brig, brigInternal['get-users'], { body: { users: [by, ...local] } }, { headers }),
    call(brig, brigInternal['get-connections-of'], { body: { from: by, to: [...invitees] } }, { headers }),
  ])
  const people = new Map(users.body.map((user) => [user.id, user]))
  if (!people.get(by)?.is_verified) return 'operation-denied'

  const connected = new Set(
    connections.body
      // A user of ours may have blocked the one who asks, who does not learn of it from his own side.
      .filter(
        ({ to, status, other_status: theirs }) =>
          status === 'accepted' && (to.domain !== domain || theirs === 'accepted'),
      )
      .map(({ to }) => `${to.id}@${to.domain}`),
  )
  if (!invitees.every(({ id, domain: of }) => connected.has(`${id}@${of}`))) return 'not-connected'
  return local.every((id) => mayBeIn(people.get(id), accessRoles)) ? undefined : 'access-denied'
}

// There are no teams here yet, so nobody is a team mate.
const mayBeIn = (user: LocalUser | undefined, accessRoles: readonly AccessRole[]): boolean =>
  user !== undefined && mayJoin(accessRoles, { isTeamMate: false, isVerified: user.is_verified })
