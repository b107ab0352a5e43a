/** Fetching what users of another backend have shared (federation-api.md §8). */
import { z } from 'zod'
import { named, rpc, stream } from '#src/kit/endpoint.ts'
import { AssetKey, AssetToken, UserId } from '../ids.ts'
import { orNull } from '../shapes.ts'

export const GetAsset = z.object({ user: UserId, key: AssetKey, token: orNull(AssetToken) })
export type GetAsset = z.infer<typeof GetAsset>

export const cargoholdFederation = named('cargohold', {
  'get-asset': rpc('Ask whether a user of ours may have an asset.', {
    input: GetAsset,
    output: z.object({ available: z.boolean() }),
  }),

  'stream-asset': stream('Fetch the bytes of an asset.', { input: GetAsset }),
})
