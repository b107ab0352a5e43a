/** A cargohold beside the others, with two assets of alice in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { UserId } from '#src/contract/ids.ts'
import type { Route } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { TestBrig } from '#src/services/brig/testing.ts'
import { newToken } from '#src/services/cargohold/access-rule.ts'
import { directoryBytes } from '#src/services/cargohold/bytes/directory.ts'
import { cargoholdMigrations, startCargohold } from '#src/services/cargohold/cargohold.ts'
import type { AssetId } from '#src/services/cargohold/retention.ts'
import { cargoholdStore } from '#src/services/cargohold/store.ts'
import { A, ASSETS, BYTES_OF } from './cast.ts'

export interface CalledAssets extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** Alice leaves them here. */
  populate(alice: UserId): Promise<void>
}

export const startAssetsBeside = async (brig: TestBrig, remotes: RemoteBackends): Promise<CalledAssets> => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-assets-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const cargohold = await startCargohold({
    config: {
      domain: A,
      dataDirectory: directory,
      assets: {
        maxBytes: 1_000,
        teamMaxBytes: 1_000,
        remoteMaxBytes: 1_000,
        volatileSeconds: 1_000,
        expiringSeconds: 1_000,
        store: { kind: 'directory', directory },
      },
    },
    database: brig.database,
    brig: brig.transport,
    remotes,
    streams: { open: async () => Promise.reject(new Error('nobody here downloads')) },
    clock: brig.clock,
    random: systemRandom,
    log: nullLog,
  })
  stack.use(cargohold)
  const store = cargoholdStore(await brig.database.schema<unknown>('cargohold', cargoholdMigrations))
  const bytes = stack.use(await directoryBytes(directory))
  const keep = async (owner: UserId, which: keyof typeof BYTES_OF): Promise<void> => {
    const text = Buffer.from(BYTES_OF[which])
    const id = ASSETS[which].slice('3-1-'.length) as AssetId
    const tokenHash = which === 'open' ? undefined : newToken(systemRandom).tokenHash
    const asset = { id, digit: 1, owner, tokenHash, bytes: text.length, expiresAt: undefined }
    await store.begin(asset, brig.clock.now())
    await bytes.write(id, { source: once(text), length: text.length })
    await store.settle(id)
  }
  const owned = stack.move()
  return {
    routes: cargohold.routes,
    populate: async (alice) => {
      await keep(alice, 'open')
      await keep(alice, 'closed')
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const once = async function* (bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
