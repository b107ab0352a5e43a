import { UserId } from '#src/contract/ids.ts'
import { userOf } from '../../callers.ts'
import { findTeamMembers } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { shownMember } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

/** The paging state is the last member of the page before; what is none begins at the beginning. */
export const listTeamMembers =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'list-team-members'> =>
  async ({ params: { team }, query: { maxResults, pagingState } }, { caller }) => {
    const user = await userOf(db, caller)
    if (user.team_id !== team) return { outcome: 'no-team-member' }
    const after = UserId.safeParse(pagingState).data
    // One more than asked for tells whether there are more.
    const found = await findTeamMembers(db, team, { after, size: maxResults + 1 })
    const members = found.slice(0, maxResults).map((member) => shownMember(user, member))
    return {
      outcome: 'page',
      body: { members, hasMore: found.length > maxResults, pagingState: members.at(-1)?.user ?? '' },
    }
  }
