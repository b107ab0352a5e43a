import type { Clock } from '#src/kit/clock.ts'
import { timestamp } from '../../profiles.ts'
import { findSessions } from '../../store-sessions.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
}

export const listCookies =
  ({ db, clock }: Needs): ClientHandler<'list-cookies'> =>
  async ({ query }, { caller }) => {
    const labels = query.labels?.split(',')
    const now = clock.now()
    const sessions = (await findSessions(db, caller.user)).filter(
      ({ label, expiresAt }) => expiresAt > now && (labels === undefined || (label !== null && labels.includes(label))),
    )
    const cookies = sessions.map(({ id, type, createdAt, expiresAt, label, successor }) => ({
      id,
      type,
      created: timestamp(createdAt),
      expires: timestamp(expiresAt),
      label,
      successor: successor ?? null,
    }))
    return { outcome: 'found', body: { cookies } }
  }
