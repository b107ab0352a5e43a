import type { Clock } from '#src/kit/clock.ts'
import type { Random } from '#src/kit/random.ts'
import { newToken } from '../../access-rule.ts'
import { findOwnAsset } from '../../own-asset.ts'
import type { CargoholdStore } from '../../store.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly store: CargoholdStore
  readonly clock: Clock
  readonly random: Random
}

export const renewAssetToken =
  (needs: Needs): ClientHandler<'renew-asset-token'> =>
  async ({ params: { key } }, { caller: { user } }) => {
    const found = await findOwnAsset(key, user, needs)
    if (found.outcome !== 'owned') return { outcome: found.outcome }
    const { token, tokenHash } = newToken(needs.random)
    await needs.store.setToken(found.asset.id, tokenHash)
    return { outcome: 'renewed', body: { token } }
  }
