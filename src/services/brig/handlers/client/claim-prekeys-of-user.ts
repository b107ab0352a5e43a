import { claimAllLocally, type DeviceNeeds } from '../../device-lookup.ts'
import { findUser } from '../../store-users.ts'
import type { ClientHandler } from '../handler.ts'

export const claimPrekeysOfUser =
  ({ db, claims, domain: ownDomain, others }: DeviceNeeds): ClientHandler<'claim-prekeys-of-user'> =>
  async ({ params: { domain = ownDomain, user } }, { requestId }) => {
    if (domain !== ownDomain) {
      return { outcome: 'claimed', body: await others.claimPrekeysOf(domain, user, { requestId }) }
    }
    if (!(await findUser(db, user))) return { outcome: 'not-found' }
    return { outcome: 'claimed', body: await claimAllLocally({ db, claims }, user) }
  }
