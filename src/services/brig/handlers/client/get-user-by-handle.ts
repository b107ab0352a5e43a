import { Handle } from '#src/contract/ids.ts'
import { findProfileByHandle, type ProfileNeeds } from '../../profile-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const getUserByHandle =
  (needs: ProfileNeeds): ClientHandler<'get-user-by-handle'> =>
  async ({ params: { domain, handle: text } }, { requestId }) => {
    const handle = Handle.safeParse(text)
    if (!handle.success) return { outcome: 'not-found' }
    const profile = await findProfileByHandle(needs, { domain, handle: handle.data }, { requestId })
    return profile ? { outcome: 'found', body: profile } : { outcome: 'not-found' }
  }
