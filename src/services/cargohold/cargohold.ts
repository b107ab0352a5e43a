/**
 * Cargohold keeps assets: what is known of them in its schema, their bytes in a directory or a store elsewhere. It
 * passes bytes on as they come, in both directions and between backends, and holds none of them as a whole.
 */
import path from 'node:path'
import { cargoholdClient } from '#src/contract/client/cargohold.ts'
import { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import type { Domain } from '#src/contract/ids.ts'
import { cargoholdInternal } from '#src/contract/internal/cargohold.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Route, Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { clientRoutes, internalRoutes } from '#src/rpc/context.ts'
import { federationRoutes } from '#src/rpc/federation-server.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { RemoteStreams } from '#src/rpc/remote-streams.ts'
import type { Database } from '#src/storage/database.ts'
import type { ByteStore } from './bytes/byte-store.ts'
import { directoryBytes } from './bytes/directory.ts'
import type { S3Options } from './bytes/s3.ts'
import { deleteAsset } from './handlers/client/delete-asset.ts'
import { deleteAssetToken } from './handlers/client/delete-asset-token.ts'
import { downloadAsset } from './handlers/client/download-asset.ts'
import { renewAssetToken } from './handlers/client/renew-asset-token.ts'
import { uploadAsset } from './handlers/client/upload-asset.ts'
import { getAsset } from './handlers/federation/get-asset.ts'
import { streamAsset } from './handlers/federation/stream-asset.ts'
import { getMetrics } from './handlers/internal/get-metrics.ts'
import { REMOTE_DOWNLOADS_PER_USER_MAX, UPLOADS_PER_USER_MAX } from './limits.ts'
import { createMetrics } from './metrics.ts'
import { peerGate } from './peer-gate.ts'
import { remoteAssets } from './remote-assets.ts'
import { cargoholdStore } from './store.ts'
import { startSweeper } from './sweeper.ts'
import { turnsOf } from './turns.ts'
import type { Lifetimes } from './retention.ts'
import { type UploadLimits, uploadersOf } from './uploaders.ts'

export interface Cargohold extends AsyncDisposable {
  readonly routes: Route[]
}

export type StoreConfig =
  | { readonly kind: 'directory'; readonly directory?: string | undefined }
  | ({ readonly kind: 's3' } & S3Options)

export interface CargoholdConfig {
  readonly domain: Domain
  readonly dataDirectory: string
  readonly assets: UploadLimits & Lifetimes & { readonly store: StoreConfig; readonly remoteMaxBytes: number }
}

export interface CargoholdNeeds {
  readonly config: CargoholdConfig
  readonly database: Database
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly streams: RemoteStreams
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const cargoholdMigrations = new URL('migrations/', import.meta.url)

export const startCargohold = async (needs: CargoholdNeeds): Promise<Cargohold> => {
  const { config, database, clock, log } = needs
  await using starting = new AsyncDisposableStack()
  const store = cargoholdStore(await database.schema<unknown>('cargohold', cargoholdMigrations))
  const bytes = starting.use(await bytesFor(config, log))
  starting.use(startSweeper({ store, bytes, clock, log }))
  const routes = routesOf({ ...needs, store, bytes })
  const owned = starting.move()
  return { routes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const bytesFor = async ({ dataDirectory, assets: { store } }: CargoholdConfig, log: Log): Promise<ByteStore> => {
  if (store.kind === 'directory') return directoryBytes(store.directory ?? path.join(dataDirectory, 'assets'))
  // Loaded only where it is used: tens of megabytes of code that nobody else needs.
  const { s3Bytes } = await import('./bytes/s3.ts')
  return s3Bytes(store, log)
}

interface Kept extends CargoholdNeeds {
  readonly store: ReturnType<typeof cargoholdStore>
  readonly bytes: ByteStore
}

const routesOf = (needs: Kept): Route[] => {
  const { config, brig, clock, log } = needs
  const metrics = createMetrics()
  const peers = peerGate(clock)
  const turns = turnsOf(UPLOADS_PER_USER_MAX)
  metrics.watch(() => ({ uploads: turns.inside, transfers: peers.transfers }))
  const remote = remoteAssets({
    ...needs,
    metrics,
    bytesMax: config.assets.remoteMaxBytes,
    turns: turnsOf(REMOTE_DOWNLOADS_PER_USER_MAX),
  })
  const parts = { ...needs, domain: config.domain, metrics, peers }
  const client = {
    'upload-asset': uploadAsset({
      ...parts,
      turns,
      lifetimes: config.assets,
      uploaders: uploadersOf(brig, config.assets),
    }),
    'download-asset': downloadAsset({ ...parts, remoteAssets: remote }),
    'delete-asset': deleteAsset(parts),
    'renew-asset-token': renewAssetToken(parts),
    'delete-asset-token': deleteAssetToken(parts),
  }
  const federation = { 'get-asset': getAsset(parts), 'stream-asset': streamAsset(parts) }
  return [
    ...clientRoutes(cargoholdClient, client, { log }),
    ...federationRoutes('cargohold', cargoholdFederation, federation, { log, clock }),
    ...internalRoutes(cargoholdInternal, { 'get-metrics': getMetrics({ metrics }) }, { log }),
  ]
}
