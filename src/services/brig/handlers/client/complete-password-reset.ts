import { keyFor, tryCode } from '../../codes.ts'
import type { CredentialNeeds } from '../../credentials.ts'
import { parseEmail } from '../../email.ts'
import { deleteCode } from '../../store-codes.ts'
import { setPassword } from '../../store-credentials.ts'
import { findUser, findUserByEmail } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

/** All sessions end, because they may be those of whoever the password had to be taken from. */
export const completePasswordReset =
  (needs: CredentialNeeds): PublicHandler<'complete-password-reset'> =>
  async ({ params, body }) => {
    const { db, clock, passwords } = needs
    const key = params.key ?? body.key ?? (await keyByEmail(db, body.email))
    if (key === undefined) return { outcome: 'invalid-key' }
    const name = { purpose: 'password-reset' as const, key }
    const code = await tryCode(db, name, { digits: body.code, now: clock.now() })
    const user = code?.user_id ? await findUser(db, code.user_id) : undefined
    if (!code || user?.status !== 'active') return { outcome: 'invalid-code' }
    const before = user.password_hash
    if (before !== null && (await passwords.verify(before, body.password))) return { outcome: 'must-differ' }
    const hash = await passwords.hash(body.password)
    return db.transaction().execute(async (tx) => {
      const isSet = (await deleteCode(tx, code)) && (await setPassword(tx, user.id, { hash, before }))
      return { outcome: isSet ? 'reset' : 'invalid-code' }
    })
  }

/** Of nobody there is no code, but that is not said here. */
const keyByEmail = async (db: BrigDb, typed: string | undefined): Promise<string | undefined> => {
  const email = typed === undefined ? undefined : parseEmail(typed)
  const user = email && (await findUserByEmail(db, email.key))
  return email && keyFor('password-reset', user?.id ?? email.key)
}
