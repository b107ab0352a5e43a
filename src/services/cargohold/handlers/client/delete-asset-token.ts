import type { Clock } from '#src/kit/clock.ts'
import { findOwnAsset } from '../../own-asset.ts'
import type { CargoholdStore } from '../../store.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly store: CargoholdStore
  readonly clock: Clock
}

export const deleteAssetToken =
  (needs: Needs): ClientHandler<'delete-asset-token'> =>
  async ({ params: { key } }, { caller: { user } }) => {
    const found = await findOwnAsset(key, user, needs)
    if (found.outcome !== 'owned') return { outcome: found.outcome }
    await needs.store.setToken(found.asset.id, undefined)
    return { outcome: 'deleted' }
  }
