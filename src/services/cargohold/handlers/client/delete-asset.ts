import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { ByteStore } from '../../bytes/byte-store.ts'
import { findOwnAsset } from '../../own-asset.ts'
import { removeAsset } from '../../remove-asset.ts'
import type { CargoholdStore } from '../../store.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly bytes: ByteStore
  readonly clock: Clock
}

export const deleteAsset =
  (needs: Needs): ClientHandler<'delete-asset'> =>
  async ({ params: { domain = needs.domain, key } }, { caller: { user } }) => {
    if (domain !== needs.domain) return { outcome: 'not-ours' }
    const found = await findOwnAsset(key, user, needs)
    if (found.outcome !== 'owned') return { outcome: found.outcome }
    await removeAsset(found.asset.id, needs)
    return { outcome: 'deleted' }
  }
