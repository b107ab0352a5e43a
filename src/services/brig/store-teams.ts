/** SQL on teams, who is in them, and who is invited. */
import { type Insertable, type Selectable, type Updateable } from 'kysely'
import type { TeamId, UserId } from '#src/contract/ids.ts'
import type { TeamRole } from '#src/contract/teams.ts'
import { updateInboundSearch } from './store-search-texts.ts'
import type { User } from './store-users.ts'
import type { BrigDb, BrigTransaction, TeamInvitationsTable, TeamsTable } from './tables.ts'

export type StoredTeam = Selectable<TeamsTable>
export type StoredInvitation = Selectable<TeamInvitationsTable>

export const insertTeam = async (db: BrigDb, team: Insertable<TeamsTable>): Promise<void> => {
  await db.insertInto('teams').values(team).execute()
}

export const findTeam = (db: BrigDb, id: TeamId): Promise<StoredTeam | undefined> =>
  db.selectFrom('teams').selectAll().where('id', '=', id).executeTakeFirst()

/** False when there is no such team. */
export const updateTeam = async (
  tx: BrigTransaction,
  id: TeamId,
  changes: Updateable<TeamsTable>,
): Promise<boolean> => {
  const updated = await tx.updateTable('teams').set(changes).where('id', '=', id).returning('id').executeTakeFirst()
  const { is_inbound_searchable: isInbound } = changes
  if (updated && isInbound !== undefined) await updateInboundSearch(tx, id, isInbound)
  return updated !== undefined
}

/** Serialises joining, so that a team does not become larger than it may; `undefined` when there is no such team. */
export const lockTeam = (tx: BrigTransaction, id: TeamId): Promise<StoredTeam | undefined> =>
  tx.selectFrom('teams').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()

export const countTeamMembers = async (db: BrigDb, team: TeamId): Promise<number> => {
  const { count } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('team_id', '=', team)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** In the order of ids, beginning after one. */
export const findTeamMembers = (
  db: BrigDb,
  team: TeamId,
  { after, size }: { readonly after?: UserId | undefined; readonly size: number },
): Promise<User[]> => {
  let query = db.selectFrom('users').selectAll().where('team_id', '=', team).orderBy('id').limit(size)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.execute()
}

/** Any of them, when there are more. */
export const findTeamMemberIds = async (db: BrigDb, team: TeamId, size: number): Promise<UserId[]> => {
  const members = await db.selectFrom('users').select('id').where('team_id', '=', team).limit(size).execute()
  return members.map(({ id }) => id)
}

export const findTeamMember = (db: BrigDb, team: TeamId, user: UserId): Promise<User | undefined> =>
  db.selectFrom('users').selectAll().where('team_id', '=', team).where('id', '=', user).executeTakeFirst()

export const listTeamRoles = (db: BrigDb, team: TeamId): Promise<{ id: UserId; team_role: TeamRole | null }[]> =>
  db.selectFrom('users').select(['id', 'team_role']).where('team_id', '=', team).orderBy('id').execute()

/** Replaces an invitation of the same address: the newest code is the one that counts. */
export const putInvitation = async (
  tx: BrigTransaction,
  invitation: Insertable<TeamInvitationsTable>,
): Promise<void> => {
  await tx
    .deleteFrom('team_invitations')
    .where('team_id', '=', invitation.team_id)
    .where('email_key', '=', invitation.email_key)
    .execute()
  await tx.insertInto('team_invitations').values(invitation).execute()
}

export const countInvitations = async (db: BrigDb, team: TeamId): Promise<number> => {
  const { count } = await db
    .selectFrom('team_invitations')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('team_id', '=', team)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export const deleteInvitationsBefore = async (db: BrigDb, team: TeamId, time: Date): Promise<void> => {
  await db.deleteFrom('team_invitations').where('team_id', '=', team).where('created_at', '<', time).execute()
}

export const findInvitationByCode = (db: BrigDb, code: string, since: Date): Promise<StoredInvitation | undefined> =>
  db
    .selectFrom('team_invitations')
    .selectAll()
    .where('code', '=', code)
    .where('created_at', '>=', since)
    .executeTakeFirst()

export const findInvitation = (db: BrigDb, team: TeamId, id: string): Promise<StoredInvitation | undefined> =>
  db.selectFrom('team_invitations').selectAll().where('team_id', '=', team).where('id', '=', id).executeTakeFirst()

export const listInvitations = (
  db: BrigDb,
  team: TeamId,
  { after, size, since }: { readonly after: string | undefined; readonly size: number; readonly since: Date },
): Promise<StoredInvitation[]> => {
  let query = db
    .selectFrom('team_invitations')
    .selectAll()
    .where('team_id', '=', team)
    .where('created_at', '>=', since)
    .orderBy('id')
    .limit(size)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.execute()
}

/** False when it was gone: somebody else has followed it. */
export const deleteInvitation = async (db: BrigDb, team: TeamId, id: string): Promise<boolean> => {
  const deleted = await db
    .deleteFrom('team_invitations')
    .where('team_id', '=', team)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  return deleted !== undefined
}
