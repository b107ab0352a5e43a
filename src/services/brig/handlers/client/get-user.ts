import { findProfile, type ProfileNeeds } from '../../profile-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const getUser =
  (needs: ProfileNeeds): ClientHandler<'get-user'> =>
  async ({ params: { domain = needs.domain, user: id } }, context) => {
    const profile = await findProfile(needs, { domain, id }, context)
    return profile ? { outcome: 'found', body: profile } : { outcome: 'not-found' }
  }
