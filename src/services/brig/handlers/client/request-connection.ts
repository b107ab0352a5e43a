import type { UserId } from '#src/contract/ids.ts'
import type { Cause } from '../../announcements.ts'
import { userOf } from '../../callers.ts'
import { changeLocally } from '../../connect-locally.ts'
import { changeRemotely, type RemoteConnectionNeeds } from '../../connect-remotely.ts'
import { requestLocally } from '../../connection-rules.ts'
import { shownConnection } from '../../connections.ts'
import { isVerified } from '../../profiles.ts'
import { findUser, type User } from '../../store-users.ts'
import type { ClientHandler } from '../handler.ts'

export const requestConnection =
  (needs: RemoteConnectionNeeds): ClientHandler<'request-connection'> =>
  async ({ params: other }, { caller, requestId }) => {
    const self = await userOf(needs.db, caller)
    if (!isVerified(self)) return { outcome: 'no-identity' }
    const cause = { requestId, caller }
    const result =
      other.domain === needs.domain
        ? await requestHere(needs, { self, other: other.user, cause })
        : await changeRemotely(needs, {
            self,
            other: { domain: other.domain, id: other.user },
            action: 'connect',
            cause,
          })
    if (typeof result === 'string') return { outcome: result }
    const isNew = result.kind === 'changed' && result.isNew
    return { outcome: isNew ? 'created' : 'existed', body: shownConnection(result.connection) }
  }

const requestHere = async (
  needs: RemoteConnectionNeeds,
  { self, other: id, cause }: { readonly self: User; readonly other: UserId; readonly cause: Cause },
) => {
  const other = id === self.id ? undefined : await findUser(needs.db, id)
  if (!other || !isVerified(other)) return 'invalid-user'
  // Team mates need no consent to talk.
  if (self.team_id !== null && self.team_id === other.team_id) return 'same-team'
  const result = await changeLocally(needs, { self, other, decide: requestLocally, cause })
  // A request finds or makes a connection; there is none only before an update.
  return result === 'not-connected' ? 'bad-transition' : result
}
