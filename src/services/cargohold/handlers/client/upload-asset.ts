import type { AssetSettings } from '#src/contract/client/cargohold.ts'
import { type Domain, Timestamp, type UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { newToken } from '../../access-rule.ts'
import { ByteReader } from '../../byte-reader.ts'
import type { ByteStore } from '../../bytes/byte-store.ts'
import { MULTIPART_BYTES_MAX } from '../../limits.ts'
import type { CargoholdMetrics } from '../../metrics.ts'
import { IncompleteAsset, readUpload } from '../../multipart.ts'
import { removeAsset } from '../../remove-asset.ts'
import { type AssetId, digitOf, expiryOf, keyOf, type Lifetimes } from '../../retention.ts'
import type { AssetRecord, CargoholdStore } from '../../store.ts'
import type { Turns } from '../../turns.ts'
import type { Uploaders } from '../../uploaders.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly bytes: ByteStore
  readonly uploaders: Uploaders
  /** By user. */
  readonly turns: Turns
  readonly lifetimes: Lifetimes
  readonly metrics: CargoholdMetrics
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const uploadAsset =
  (needs: Needs): ClientHandler<'upload-asset'> =>
  async ({ headers, body }, { caller: { user } }) => {
    const { domain, uploaders, turns, metrics } = needs
    await using reader = new ByteReader(body)
    const announced = Number(headers['content-length'] ?? 0)
    if (announced > uploaders.bytesMax + MULTIPART_BYTES_MAX) return { outcome: 'too-large' }
    using turn = turns.tryEnter(user)
    if (!turn) return { outcome: 'too-many' }
    const bytesMax = await uploaders.limitOf(user)
    if (bytesMax === undefined) return { outcome: 'unverified' }
    const upload = await readUpload(reader)
    if (upload.outcome !== 'upload') return { outcome: upload.outcome }
    if (upload.length > bytesMax) return { outcome: 'too-large' }

    const { asset, token } = newAsset(upload.settings, upload.length, { ...needs, user })
    if (!(await keep(asset, upload.bytes, needs))) return { outcome: 'incomplete' }
    metrics.uploaded(upload.length)
    const key = keyOf(asset)
    return {
      outcome: 'stored',
      body: {
        key,
        domain,
        ...(token !== undefined && { token }),
        ...(asset.expiresAt && { expires: Timestamp.parse(asset.expiresAt.toISOString()) }),
      },
      headers: { location: `/assets/${domain}/${key}` },
    }
  }

interface Making {
  readonly user: UserId
  readonly lifetimes: Lifetimes
  readonly clock: Clock
  readonly random: Random
}

const newAsset = (settings: AssetSettings, bytes: number, { user, lifetimes, clock, random }: Making) => {
  const { retention = 'persistent', public: isPublic = false } = settings
  const secret = isPublic ? undefined : newToken(random)
  const asset: AssetRecord = {
    // A version 4 UUID is an id for us by its form.
    id: random.uuid() as AssetId,
    digit: digitOf(retention),
    owner: user,
    tokenHash: secret?.tokenHash,
    bytes,
    expiresAt: expiryOf(retention, clock.now(), lifetimes),
  }
  return { asset, token: secret?.token }
}

/**
 * The row comes before the bytes, so that after a crash at any point the sweeper knows of all that there is; and the
 * asset can be had only when its row says so, which is after all bytes are on the disk. False: not all of them came.
 */
const keep = async (asset: AssetRecord, source: AsyncIterable<Uint8Array>, needs: Needs): Promise<boolean> => {
  const { store, bytes, clock, log } = needs
  await store.begin(asset, clock.now())
  try {
    await bytes.write(asset.id, { source, length: asset.bytes })
    if (!(await store.settle(asset.id))) throw new Error('an upload took so long that it was given up')
    return true
  } catch (error) {
    // What cannot be taken away now the sweeper takes later; the uploader is to hear of what went wrong first.
    await removeAsset(asset.id, needs).catch((cause: unknown) =>
      log.warn({ err: cause, asset: asset.id }, 'removing half an asset'),
    )
    if (error instanceof IncompleteAsset) return false
    throw error
  }
}
