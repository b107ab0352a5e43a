import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import { checkPassword, type CredentialNeeds } from '../../credentials.ts'
import { parseEmail } from '../../email.ts'
import { parseHandle } from '../../handle-rules.ts'
import { accessTokenOf, beginSession, type SessionNeeds, setCookie } from '../../sessions.ts'
import { findActivation } from '../../store-codes.ts'
import { rememberAddress } from '../../store-throttles.ts'
import { findUser, findUserByEmail, findUserByHandle, type User } from '../../store-users.ts'
import { networkOf } from '../../throttle.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends CredentialNeeds {
  readonly sessions: SessionNeeds
}

type Body = InputOf<(typeof brigClient)['login']>['body']
type Outcome = OutcomeOf<(typeof brigClient)['login']>

export const login =
  (needs: Needs): PublicHandler<'login'> =>
  async ({ body, query }, { address }) => {
    const { db, sessions } = needs
    const { user, isPending } = await findByName(needs, body)
    const name = body.email ?? body.handle
    const verdict = await checkPassword(needs, { user, name, password: body.password, address })
    if (typeof verdict === 'object') {
      return { outcome: 'too-many-failures', headers: { 'retry-after': String(verdict.retryAfterSeconds) } }
    }
    if (verdict === 'wrong' || !user || user.status === 'deleted') return { outcome: 'wrong-password' }
    if (user.status === 'suspended') return { outcome: 'suspended' }
    if (isPending) return { outcome: 'pending-activation' }
    await rememberAddress(db, user.id, { network: networkOf(address), now: sessions.clock.now() })
    return begin(needs, user, { isPersistent: query.persist === 'true', label: body.label })
  }

interface Found {
  readonly user: User | undefined
  /** The address was given and never shown to be the user's. */
  readonly isPending: boolean
}

const findByName = async ({ db, clock }: Needs, { email, handle }: Body): Promise<Found> => {
  const address = email === undefined ? undefined : parseEmail(email)
  if (address) {
    const user = await findUserByEmail(db, address.key)
    if (user) return { user, isPending: false }
    const waiting = await findActivation(db, address.key, clock.now())
    return { user: waiting?.user_id ? await findUser(db, waiting.user_id) : undefined, isPending: true }
  }
  const known = handle === undefined ? undefined : parseHandle(handle.toLowerCase())
  return { user: known && (await findUserByHandle(db, known)), isPending: false }
}

const begin = async (
  { db, sessions }: Needs,
  user: User,
  { isPersistent, label }: { readonly isPersistent: boolean; readonly label: string | undefined },
): Promise<Outcome> => {
  const type = isPersistent ? 'persistent' : 'session'
  const begun = await db.transaction().execute((tx) => beginSession(tx, sessions, { user: user.id, type, label }))
  if ('retryAfterSeconds' in begun) {
    return { outcome: 'too-frequent', headers: { 'retry-after': String(begun.retryAfterSeconds) } }
  }
  return {
    outcome: 'logged-in',
    body: accessTokenOf(sessions, begun.session),
    headers: setCookie(sessions, begun.session),
  }
}
