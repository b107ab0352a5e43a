import type { Clock } from '#src/kit/clock.ts'
import type { Announcements } from '../../announcements.ts'
import { isVerified } from '../../profiles.ts'
import { findUser, lockUsers, updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import { announceJoin, membership, placeInTeam } from '../../teams.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
  readonly announcements: Announcements
}

export const addTeamMember =
  ({ db, clock, announcements }: Needs): InternalHandler<'add-team-member'> =>
  async ({ params: { team }, body }, { requestId }) =>
    db.transaction().execute(async (tx) => {
      const place = await placeInTeam(tx, team)
      if (place === 'no-team') return { outcome: 'no-team' }
      if (place === 'full') return { outcome: 'too-many' }
      await lockUsers(tx, [body.user])
      const user = await findUser(tx, body.user)
      if (!user || !isVerified(user) || user.team_id !== null) return { outcome: 'invalid-user' }
      const now = clock.now()
      await updateUser(tx, user.id, membership(team, { role: body.role, invitedBy: null, now }))
      await announceJoin(tx, announcements, { user: user.id, team, now, cause: { requestId } })
      return { outcome: 'added' }
    })
