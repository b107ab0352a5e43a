/**
 * Assets of other backends: asked for, then passed on at the pace of our client (client-assets.md §3.1). Nothing is kept
 * here, so what is deleted there is gone, and its token is checked there every time.
 */
import type { Readable } from 'node:stream'
import { once } from 'node:events'
import { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import { type AssetKey, AssetToken, type Domain, type UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { RemoteStreams } from '#src/rpc/remote-streams.ts'
import { BLOB_HEADERS } from './blob-headers.ts'
import type { Downloaded } from './handlers/handler.ts'
import { REMOTE_RANGE_BYTES_MAX, TRANSFER_MS_MAX } from './limits.ts'
import type { CargoholdMetrics } from './metrics.ts'
import { type AskedRange, rangeOf } from './ranges.ts'
import type { Turns } from './turns.ts'

export interface RemoteAsset {
  readonly domain: Domain
  readonly key: AssetKey
  readonly user: UserId
  readonly token: string | undefined
  readonly range: AskedRange | undefined
}

interface Needs {
  readonly remotes: RemoteBackends
  readonly streams: RemoteStreams
  /** The largest that is fetched. */
  readonly bytesMax: number
  /** By user. */
  readonly turns: Turns
  readonly metrics: CargoholdMetrics
  readonly clock: Clock
}

export type RemoteAssets = ReturnType<typeof remoteAssets>

export const remoteAssets = (needs: Needs) => ({
  download: async (asset: RemoteAsset, { requestId }: { readonly requestId: string }): Promise<Downloaded> => {
    const { remotes, streams, bytesMax, turns } = needs
    const turn = turns.tryEnter(asset.user)
    if (!turn) return { outcome: 'too-many' }
    try {
      const input = { user: asset.user, key: asset.key, token: tokenFor(asset.token) }
      const { available } = await remotes.call(asset.domain, cargoholdFederation['get-asset'], input, { requestId })
      const transfer =
        available &&
        (await streams.open(asset.domain, cargoholdFederation['stream-asset'], input, { requestId, bytesMax }))
      if (!transfer) {
        turn[Symbol.dispose]()
        return { outcome: 'not-found' }
      }
      watch(transfer, turn, needs)
      return await answerWith(transfer, asset.range)
    } catch (error) {
      turn[Symbol.dispose]()
      throw error
    }
  },
})

/** A token that no asset can have opens public assets only, as none does. */
const tokenFor = (token: string | undefined): AssetToken | null => AssetToken.safeParse(token).data ?? null

const watch = (transfer: Readable, turn: Disposable, { clock, metrics }: Needs): void => {
  const late = clock.after(TRANSFER_MS_MAX, () => transfer.destroy(new Error('the transfer takes too long')))
  metrics.downloaded('remote')
  transfer.once('close', () => {
    late[Symbol.dispose]()
    turn[Symbol.dispose]()
  })
}

/** Once headers are out only a broken connection can say that something went wrong, so they wait for the first bytes. */
const answerWith = async (transfer: Readable, asked: AskedRange | undefined): Promise<Downloaded> => {
  if (asked?.first !== undefined && asked.last !== undefined && asked.last < REMOTE_RANGE_BYTES_MAX) {
    return partOf(transfer, asked, asked.last + 1)
  }
  await once(transfer, 'readable')
  return { outcome: 'whole', body: transfer, headers: BLOB_HEADERS }
}

/**
 * Backends cannot ask each other for a part, nor for a size. A part near the beginning is cut out here and the transfer
 * given up; for others the whole is sent, which a client must expect (RFC 9110 §14.2).
 */
const partOf = async (transfer: Readable, asked: AskedRange, wanted: number): Promise<Downloaded> => {
  const { bytes, isWhole } = await firstBytes(transfer, wanted)
  const part = rangeOf(asked, bytes.length)
  const size = isWhole ? String(bytes.length) : '*'
  if (part.is !== 'part') return { outcome: 'no-such-part', headers: { 'content-range': `bytes */${size}` } }
  const { start, end } = part.range
  const body = bytes.subarray(start, end + 1)
  return { outcome: 'part', body, headers: { ...BLOB_HEADERS, 'content-range': `bytes ${start}-${end}/${size}` } }
}

const firstBytes = async (transfer: Readable, wanted: number) => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of transfer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= wanted) break
  }
  return { bytes: Buffer.concat(chunks).subarray(0, wanted), isWhole: size < wanted }
}
