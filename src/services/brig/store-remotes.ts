/** SQL on the remote backends that were added while running. Changes tell all processes, when they are committed. */
import { sql } from 'kysely'
import type { Domain, TeamId } from '#src/contract/ids.ts'
import type { RemoteConfig } from '#src/contract/internal/remotes.ts'
import type { BrigDb, BrigTransaction, RemotesTable, RemoteTeamsTable } from './tables.ts'

export const findRemotes = async (db: BrigDb): Promise<RemoteConfig[]> => {
  const remotes = await db.selectFrom('remotes').selectAll().orderBy('domain').execute()
  const teams = await db.selectFrom('remote_teams').selectAll().orderBy('team_id').execute()
  return remotes.map((remote) => configOf(remote, teams))
}

export const findRemote = async (db: BrigDb, domain: Domain): Promise<RemoteConfig | undefined> => {
  const remote = await db.selectFrom('remotes').selectAll().where('domain', '=', domain).executeTakeFirst()
  return remote && configOf(remote, await teamsOf(db, domain))
}

export const countRemotes = async (db: BrigDb): Promise<number> => {
  const { count } = await db
    .selectFrom('remotes')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Inserts or replaces; teams that are not named stay. */
export const putRemote = async (
  tx: BrigTransaction,
  { domain, search_policy, restriction }: RemoteConfig,
): Promise<void> => {
  const changes = { search_policy, restriction: restriction.tag }
  await tx
    .insertInto('remotes')
    .values({ domain, ...changes })
    .onConflict((conflict) => conflict.column('domain').doUpdateSet(changes))
    .execute()
  if (restriction.tag === 'restrict_by_team') await addRemoteTeams(tx, domain, restriction.value)
  await noteChange(tx)
  // Who may be talked to again is tried at once: what waits for him need not wait for its next try.
  await sql`select pg_notify('peer-heard', ${domain})`.execute(tx)
}

/** See `REMOTES_CHANNEL`. */
const noteChange = async (db: BrigDb): Promise<void> => {
  await sql`select pg_notify('remotes', 'changed')`.execute(db)
}

export const addRemoteTeams = async (db: BrigDb, domain: Domain, teams: readonly TeamId[]): Promise<void> => {
  if (teams.length === 0) return
  await db
    .insertInto('remote_teams')
    .values(teams.map((team_id) => ({ domain, team_id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await noteChange(db)
}

export const deleteRemoteTeam = async (db: BrigDb, domain: Domain, team: TeamId): Promise<void> => {
  await db.deleteFrom('remote_teams').where('domain', '=', domain).where('team_id', '=', team).execute()
  await noteChange(db)
}

export const deleteRemoteTeams = async (db: BrigDb, domain: Domain): Promise<void> => {
  await db.deleteFrom('remote_teams').where('domain', '=', domain).execute()
  await noteChange(db)
}

const teamsOf = (db: BrigDb, domain: Domain): Promise<RemoteTeamsTable[]> =>
  db.selectFrom('remote_teams').selectAll().where('domain', '=', domain).orderBy('team_id').execute()

const configOf = (
  { domain, search_policy, restriction }: RemotesTable,
  teams: readonly RemoteTeamsTable[],
): RemoteConfig => ({
  domain,
  search_policy,
  restriction:
    restriction === 'allow_all'
      ? { tag: 'allow_all', value: null }
      : {
          tag: 'restrict_by_team',
          value: teams.flatMap((team) => (team.domain === domain ? [team.team_id] : [])),
        },
})
