import type { AssetKey, Domain, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { mayRead } from '../../access-rule.ts'
import { BLOB_HEADERS } from '../../blob-headers.ts'
import type { ByteStore } from '../../bytes/byte-store.ts'
import type { CargoholdMetrics } from '../../metrics.ts'
import { findAsset } from '../../own-asset.ts'
import { type AskedRange, rangeOf, readRange } from '../../ranges.ts'
import type { RemoteAssets } from '../../remote-assets.ts'
import type { AssetRecord, CargoholdStore } from '../../store.ts'
import type { ClientHandler, Downloaded } from '../handler.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly bytes: ByteStore
  readonly remoteAssets: RemoteAssets
  readonly metrics: CargoholdMetrics
  readonly clock: Clock
}

export const downloadAsset =
  (needs: Needs): ClientHandler<'download-asset'> =>
  async ({ params: { domain = needs.domain, key }, query, headers }, { caller: { user }, requestId }) => {
    const token = headers['asset-token'] ?? query.asset_token
    const range = readRange(headers.range, headers['if-range'])
    if (domain === needs.domain) return ownAsset({ key, user, token, range }, needs)
    return needs.remoteAssets.download({ domain, key, user, token, range }, { requestId })
  }

interface Asked {
  readonly key: AssetKey
  readonly user: UserId
  readonly token: string | undefined
  readonly range: AskedRange | undefined
}

const ownAsset = async ({ key, user, token, range }: Asked, needs: Needs): Promise<Downloaded> => {
  const { domain, bytes } = needs
  const asset = await findAsset(key, needs)
  // "Not for you" and "does not exist" look the same from outside.
  const isAllowed =
    asset && mayRead(asset, { owner: { domain, id: asset.owner } }, { user: { domain, id: user }, token })
  if (!isAllowed) return { outcome: 'not-found' }
  const location = await bytes.addressOf(asset.id)
  if (location !== undefined) return { outcome: 'elsewhere', headers: { location } }
  return bytesOf(asset, range, needs)
}

const bytesOf = async (
  asset: AssetRecord,
  asked: AskedRange | undefined,
  { bytes, metrics }: Needs,
): Promise<Downloaded> => {
  const wanted = rangeOf(asked, asset.bytes)
  if (wanted.is === 'impossible') {
    return { outcome: 'no-such-part', headers: { 'content-range': `bytes */${asset.bytes}` } }
  }
  const range = wanted.is === 'part' ? wanted.range : undefined
  const body = await bytes.read(asset.id, range)
  // Deleted between the row and its bytes.
  if (!body) return { outcome: 'not-found' }
  metrics.downloaded('own')
  const headers = { ...BLOB_HEADERS, 'accept-ranges': 'bytes' }
  if (!range) {
    return { outcome: 'whole', body, headers: { ...headers, 'content-length': String(asset.bytes) } }
  }
  const { start, end } = range
  return {
    outcome: 'part',
    body,
    headers: {
      ...headers,
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${asset.bytes}`,
    },
  }
}
