import type { ClientHandler } from '../handler.ts'

export const listTeams: ClientHandler<'list-teams'> = async () => ({
  outcome: 'found',
  body: { teams: [], has_more: false },
})
