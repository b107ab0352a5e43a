/** Showing that an address is the user's (client-auth.md §2.2). */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { OutcomeOf } from '#src/kit/endpoint.ts'
import type { Announcements, Cause } from './announcements.ts'
import { activationKey, tryCode } from './codes.ts'
import { parseEmail } from './email.ts'
import { selfProfile } from './profiles.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Domain } from '#src/contract/ids.ts'
import { deleteCode, type StoredCode } from './store-codes.ts'
import { findUser, findUserByEmail, lockUsers, updateUser } from './store-users.ts'
import type { BrigDb, BrigTransaction } from './tables.ts'

export interface ActivationNeeds {
  readonly db: BrigDb
  readonly domain: Domain
  readonly clock: Clock
  readonly announcements: Announcements
}

export interface ActivationRequest {
  readonly key: string | undefined
  readonly email: string | undefined
  readonly code: string
  readonly isDryRun: boolean
  readonly cause: Cause
}

type Outcome = OutcomeOf<(typeof brigClient)['activate']>

export const activate = async (needs: ActivationNeeds, request: ActivationRequest): Promise<Outcome> => {
  const { db, clock } = needs
  const email = request.email === undefined ? undefined : parseEmail(request.email)
  const key = request.key ?? (email && activationKey(email))
  if (key === undefined) return { outcome: 'invalid-email' }
  const code = await tryCode(db, { purpose: 'activation', key }, { digits: request.code, now: clock.now() })
  // Of a code that was asked for before registering, nobody is the user yet; registering takes it.
  if (!code || (code.user_id === null && !request.isDryRun)) return { outcome: 'invalid-code' }
  if (request.isDryRun) return { outcome: 'would-activate' }
  return db.transaction().execute((tx) => take(tx, needs, { code, cause: request.cause }))
}

const take = async (
  tx: BrigTransaction,
  { domain, announcements }: ActivationNeeds,
  { code, cause }: { readonly code: StoredCode; readonly cause: Cause },
): Promise<Outcome> => {
  const { user_id: id, email, email_key: key } = code
  if (id === null || email === null || key === null) throw new Error('a code to activate an account is for none')
  await lockUsers(tx, [id])
  const user = await findUser(tx, id)
  if (!user || user.status === 'deleted') return { outcome: 'invalid-code' }
  const owner = await findUserByEmail(tx, key)
  if (owner && owner.id !== id) return { outcome: 'email-taken' }
  if (!(await deleteCode(tx, code))) return { outcome: 'invalid-code' }
  if (owner) return { outcome: 'active-already' }
  await updateUser(tx, id, { email, email_key: key, email_unvalidated: null })
  const isFirst = user.email === null
  const { email: _hidden, ...shown } = selfProfile({ ...user, email_unvalidated: null }, domain)
  const event = isFirst ? { type: 'user.activate', user: shown } : { type: 'user.update', user: { id, email } }
  await announcements.push(tx, { users: [id], event }, cause)
  return { outcome: 'activated', body: { email, first: isFirst } }
}
