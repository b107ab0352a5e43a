import { ClientId } from '#src/contract/ids.ts'
import { readPresented } from '../../presented.ts'
import { isDueForRenewal, type Session, supersededUntil } from '../../session-rules.ts'
import { accessTokenOf, type SessionNeeds, setCookie, succeedSession } from '../../sessions.ts'
import { findDevice } from '../../store-devices.ts'
import { bindSession, findSession, supersedeSession } from '../../store-sessions.ts'
import { lockUsers } from '../../store-users.ts'
import type { BrigDb, BrigTransaction } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly sessions: SessionNeeds
}

/** client-auth.md §3.2. */
export const renewAccess =
  ({ db, sessions }: Needs): PublicHandler<'renew-access'> =>
  async ({ query }, context) => {
    const presented = await readPresented({ db, keys: sessions.keys }, context, sessions.clock.now())
    if (typeof presented === 'string') return { outcome: presented }
    const client = await clientToBind(db, presented.session, query.client_id)
    if (client === 'contradiction') return { outcome: 'invalid-token' }
    const settled = await settle({ db, sessions }, presented.session, client)
    if (!settled) return { outcome: 'invalid-token' }
    return {
      outcome: 'renewed',
      body: accessTokenOf(sessions, settled.session, presented.token?.connection),
      ...(settled.fresh && { headers: setCookie(sessions, settled.fresh) }),
    }
  }

/** The device that the session is to have from now on: once bound to one it is never bound to another. */
const clientToBind = async (
  db: BrigDb,
  { user, client: bound }: Session,
  wanted: string | undefined,
): Promise<ClientId | undefined | 'contradiction'> => {
  if (wanted === undefined) return bound
  const parsed = ClientId.safeParse(wanted)
  if (!parsed.success) return 'contradiction'
  if (bound !== undefined) return bound === parsed.data ? bound : 'contradiction'
  return (await findDevice(db, user, parsed.data)) ? parsed.data : 'contradiction'
}

interface Settled {
  /** What the access token is made of. */
  readonly session: Session
  /** What a new cookie is made of, if there is one to give. */
  readonly fresh: Session | undefined
}

/**
 * Binds the device to the stored session, not only to a new cookie: some clients never take a new one, and would lose
 * their device with the next token. `undefined` when another request was faster and the session is not the same now.
 */
const settle = async (
  { db, sessions }: Needs,
  session: Session,
  client: ClientId | undefined,
): Promise<Settled | undefined> => {
  const isBinding = client !== session.client
  if (!isBinding && !isDueForRenewal(session, sessions.clock.now())) return { session, fresh: undefined }
  return db.transaction().execute(async (tx) => {
    await lockUsers(tx, [session.user])
    const current = await findSession(tx, session.user, session.id)
    if (!current || (current.client !== undefined && current.client !== client)) return undefined
    if (client !== undefined && isBinding) await bindSession(tx, session, client)
    const bound = { ...current, client }
    return { session: bound, fresh: (await knownSuccessor(tx, bound)) ?? (await succeed(tx, sessions, bound)) }
  })
}

/** The answer that carried the successor may have been lost: then it is given again instead of one more. */
const knownSuccessor = async (
  tx: BrigTransaction,
  { user, successor: id, client }: Session,
): Promise<Session | undefined> => {
  const successor = id === undefined ? undefined : await findSession(tx, user, id)
  return successor?.client === client ? successor : undefined
}

const succeed = async (tx: BrigTransaction, sessions: SessionNeeds, session: Session): Promise<Session> => {
  const successor = await succeedSession(tx, sessions, session)
  const until = supersededUntil(session, sessions.clock.now())
  await supersedeSession(tx, session, { successor: successor.id, until })
  return successor
}
