import type { ConnectionStatus } from '#src/contract/connections.ts'
import type { QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { Cause } from '../../announcements.ts'
import { userOf } from '../../callers.ts'
import { changeLocally } from '../../connect-locally.ts'
import { changeRemotely, type RemoteConnectionNeeds } from '../../connect-remotely.ts'
import { actionFor, updateLocally } from '../../connection-rules.ts'
import { shownConnection } from '../../connections.ts'
import { isVerified } from '../../profiles.ts'
import { findUser, type User } from '../../store-users.ts'
import type { ClientHandler } from '../handler.ts'

export const updateConnection =
  (needs: RemoteConnectionNeeds): ClientHandler<'update-connection'> =>
  async ({ params: { domain = needs.domain, user }, body }, { caller, requestId }) => {
    const self = await userOf(needs.db, caller)
    if (!isVerified(self)) return { outcome: 'no-identity' }
    const cause = { requestId, caller }
    const result =
      domain === needs.domain
        ? await updateHere(needs, { self, other: user, wanted: body.status, cause })
        : await updateThere(needs, { self, other: { domain, id: user }, wanted: body.status, cause })
    if (typeof result === 'string') return { outcome: result }
    if (result.kind === 'unchanged') return { outcome: 'unchanged' }
    return { outcome: 'updated', body: shownConnection(result.connection) }
  }

interface Update<O> {
  readonly self: User
  readonly other: O
  readonly wanted: ConnectionStatus
  readonly cause: Cause
}

const updateHere = async (needs: RemoteConnectionNeeds, { self, other: id, wanted, cause }: Update<UserId>) => {
  const other = await findUser(needs.db, id)
  if (!other || other.id === self.id) return 'not-connected'
  return changeLocally(needs, {
    self,
    other,
    decide: (pair) => (pair ? updateLocally(pair, wanted) : 'not-connected'),
    cause,
  })
}

const updateThere = async (needs: RemoteConnectionNeeds, { self, other, wanted, cause }: Update<QualifiedUserId>) => {
  const action = actionFor(wanted)
  return action === undefined ? 'bad-transition' : changeRemotely(needs, { self, other, action, cause })
}
