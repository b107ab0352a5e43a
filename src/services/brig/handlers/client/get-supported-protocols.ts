import { findProfile, type ProfileNeeds } from '../../profile-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const getSupportedProtocols =
  (needs: ProfileNeeds): ClientHandler<'get-supported-protocols'> =>
  async ({ params: { domain = needs.domain, user: id } }, context) => {
    const profile = await findProfile(needs, { domain, id }, context)
    return profile ? { outcome: 'found', body: profile.supported_protocols } : { outcome: 'not-found' }
  }
