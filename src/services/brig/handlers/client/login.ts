import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import { checkPassword, type CredentialNeeds } from '../../credentials.ts'
import { parseEmail } from '../../email.ts'
import { parseHandle } from '../../handle-rules.ts'
import { accessTokenOf, beginSession, type SessionNeeds, setCookie } from '../../sessions.ts'
import { findUserByEmail, findUserByHandle, type User } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends CredentialNeeds {
  readonly sessions: SessionNeeds
}

type Body = InputOf<(typeof brigClient)['login']>['body']
type Outcome = OutcomeOf<(typeof brigClient)['login']>

export const login =
  (needs: Needs): PublicHandler<'login'> =>
  async ({ body, query }) => {
    const user = await findByName(needs.db, body)
    const verdict = await checkPassword(needs, user, body.password)
    if (typeof verdict === 'object') {
      return { outcome: 'too-many-failures', headers: { 'retry-after': String(verdict.retryAfterSeconds) } }
    }
    if (verdict === 'wrong' || !user || user.status === 'deleted') return { outcome: 'wrong-password' }
    if (user.status === 'suspended') return { outcome: 'suspended' }
    return begin(needs, user, { isPersistent: query.persist === 'true', label: body.label })
  }

const findByName = async (db: BrigDb, { email, handle }: Body): Promise<User | undefined> => {
  const address = email === undefined ? undefined : parseEmail(email)
  if (address) return findUserByEmail(db, address.key)
  const known = handle === undefined ? undefined : parseHandle(handle.toLowerCase())
  return known && findUserByHandle(db, known)
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
