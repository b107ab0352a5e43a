import type { NewConnectionRequest, NewConnectionResponse } from '#src/contract/federation/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import { alignRemotePair, putSide } from '../../connect-remotely.ts'
import { afterTheirs, reactionTo } from '../../connection-rules.ts'
import { connectionEvent, type ConnectionNeeds } from '../../connections.ts'
import type { Cause, QueueId } from '../../announcements.ts'
import { isFederatingTeam, type KnownRemotes } from '../../known-remotes.ts'
import { isVerified } from '../../profiles.ts'
import { findConnection, noteHeard } from '../../store-connections.ts'
import { findUser, lockUsers, type User } from '../../store-users.ts'
import type { BrigTransaction } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs extends ConnectionNeeds {
  readonly known: KnownRemotes
}

/** The origin speaks for its own users only: `from` is nobody else's, whatever it says. */
export const sendConnectionAction =
  (needs: Needs): FederationHandler<'send-connection-action'> =>
  async (request, { origin, requestId }) => {
    const { known, announcements, db } = needs
    if (!(await isFederatingTeam(known, origin, request.from_team))) {
      return { tag: 'NewConnectionResponseNotFederating' }
    }
    const user = await findUser(db, request.to)
    if (!user || !isVerified(user)) return { tag: 'NewConnectionResponseUserNotActivated' }
    const cause = { requestId }
    const { response, queued } = await db
      .transaction()
      .execute((tx) => receive(tx, needs, { user, request, origin, cause }))
    // When we own the conversation, the asker's backend may ask for it as soon as it has our answer.
    if (queued !== undefined) await announcements.arrived(queued, cause)
    return response
  }

interface Received {
  readonly user: User
  readonly request: NewConnectionRequest
  readonly origin: Domain
  readonly cause: Cause
}

/** Applying the same action again changes nothing and answers the same. */
const receive = async (
  tx: BrigTransaction,
  needs: Needs,
  { user, request, origin, cause }: Received,
): Promise<{ response: NewConnectionResponse; queued: QueueId | undefined }> => {
  const present = await lockUsers(tx, [user.id])
  if (!present.has(user.id)) return { response: { tag: 'NewConnectionResponseUserNotActivated' }, queued: undefined }
  const other = { domain: origin, id: request.from }
  const before = await findConnection(tx, user.id, other)
  const status = afterTheirs(before?.status, request.action)
  const contents = reactionTo(before?.status, status)
  const response = { tag: 'NewConnectionResponseOk' as const, contents }
  if (status === undefined || status === before?.status) {
    if (before) await noteHeard(tx, user.id, other)
    return { response, queued: undefined }
  }
  const connection = await putSide(tx, needs, { user, other, status })
  await alignRemotePair(tx, needs, { connection, status, actor: 'other', cause })
  const event = connectionEvent(connection, undefined)
  return { response, queued: await needs.announcements.push(tx, { users: [user.id], event }, cause) }
}
