import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import type { Domain } from '#src/contract/ids.ts'
import { UserId } from '#src/contract/ids.ts'
import { type Email, parseEmail } from '../../email.ts'
import { nameKey } from '../../handle-rules.ts'
import type { Passwords } from '../../passwords.ts'
import { selfProfile } from '../../profiles.ts'
import { plusSeconds } from '../../session-rules.ts'
import { beginSession, type SessionNeeds, setCookie } from '../../sessions.ts'
import { findUser, insertUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly passwords: Passwords
  readonly sessions: SessionNeeds
  /** The one e-mail code there is, for development; without it nobody can register (client-auth.md §2.4). */
  readonly headlessCode: string | undefined
}

type Body = InputOf<(typeof brigClient)['register']>['body']
type Outcome = OutcomeOf<(typeof brigClient)['register']>

export const register = (needs: Needs): PublicHandler<'register'> => {
  const { headlessCode } = needs
  return async ({ body }) => {
    if (body.team_code !== undefined || body.invitation_code !== undefined)
      return { outcome: 'invalid-invitation-code' }
    if (body.team !== undefined) return { outcome: 'no-teams' }
    if (body.email === undefined) {
      return headlessCode === undefined ? { outcome: 'no-guests' } : create(needs, body, undefined)
    }
    if (body.expires_in !== undefined) return { outcome: 'bad-request' }
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'invalid-email' }
    const isProven = headlessCode !== undefined && (body.email_code ?? headlessCode) === headlessCode
    return isProven ? create(needs, body, email) : { outcome: 'invalid-code' }
  }
}

const create = async (
  { db, domain, passwords, sessions }: Needs,
  body: Body,
  email: Email | undefined,
): Promise<Outcome> => {
  const { clock, random } = sessions
  const now = clock.now()
  const passwordHash = body.password === undefined ? null : await passwords.hash(body.password)
  const id = UserId.parse(random.uuid())
  return db.transaction().execute(async (tx): Promise<Outcome> => {
    const isInserted = await insertUser(tx, {
      id,
      name: body.name,
      name_key: nameKey(body.name),
      handle: null,
      email: email?.shown ?? null,
      email_key: email?.key ?? null,
      password_hash: passwordHash,
      accent_id: body.accent_id ?? 0,
      locale: body.locale ?? 'en',
      text_status: null,
      assets: JSON.stringify(body.assets ?? []),
      supported_protocols: JSON.stringify(body.supported_protocols ?? ['proteus']),
      status: email ? 'active' : 'ephemeral',
      expires_at: body.expires_in === undefined ? null : plusSeconds(now, body.expires_in),
      created_at: now,
    })
    if (!isInserted) return { outcome: 'email-taken' }
    const type = email ? 'persistent' : 'session'
    const begun = await beginSession(tx, sessions, { user: id, type, label: body.label })
    const user = await findUser(tx, id)
    if (!user || 'retryAfterSeconds' in begun) throw new Error('a new account has no session')
    return {
      outcome: 'created',
      body: selfProfile(user, domain),
      headers: { ...setCookie(sessions, begun.session), location: id },
    }
  })
}
