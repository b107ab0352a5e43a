/** What a user of another backend asks for, if he may have it. His backend is believed about who he is. */
import type { GetAsset } from '#src/contract/federation/cargohold.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { mayRead } from './access-rule.ts'
import { findAsset } from './own-asset.ts'
import type { AssetRecord, CargoholdStore } from './store.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly clock: Clock
}

export const permittedAsset = async (
  { user, key, token }: GetAsset,
  origin: Domain,
  needs: Needs,
): Promise<AssetRecord | undefined> => {
  const asset = await findAsset(key, needs)
  if (!asset) return undefined
  const owner = { domain: needs.domain, id: asset.owner }
  const asking = { user: { domain: origin, id: user }, token: token ?? undefined }
  return mayRead(asset, { owner }, asking) ? asset : undefined
}
