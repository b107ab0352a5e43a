/** Assets that their uploader wants to change: nobody else may. */
import type { AssetKey, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { partsOf } from './retention.ts'
import type { AssetRecord, CargoholdStore } from './store.ts'

interface Needs {
  readonly store: CargoholdStore
  readonly clock: Clock
}

/** An asset that can be had now. The digit in the key is part of its name: with another one there is no such asset. */
export const findAsset = async (key: AssetKey, { store, clock }: Needs): Promise<AssetRecord | undefined> => {
  const { id, digit } = partsOf(key)
  const asset = await store.find(id, clock.now())
  return asset?.digit === digit ? asset : undefined
}

export type Owned =
  | { readonly outcome: 'not-found' | 'unauthorised' }
  | { readonly outcome: 'owned'; readonly asset: AssetRecord }

export const findOwnAsset = async (key: AssetKey, user: UserId, needs: Needs): Promise<Owned> => {
  const asset = await findAsset(key, needs)
  if (!asset) return { outcome: 'not-found' }
  return asset.owner === user ? { outcome: 'owned', asset } : { outcome: 'unauthorised' }
}
