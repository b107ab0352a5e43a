import type { Readable } from 'node:stream'
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { ByteStore } from '../../bytes/byte-store.ts'
import { TRANSFER_MS_MAX } from '../../limits.ts'
import type { CargoholdMetrics } from '../../metrics.ts'
import type { PeerGate } from '../../peer-gate.ts'
import { permittedAsset } from '../../permitted-asset.ts'
import type { CargoholdStore } from '../../store.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly bytes: ByteStore
  readonly peers: PeerGate
  readonly metrics: CargoholdMetrics
  readonly clock: Clock
  readonly log: Log
}

export const streamAsset =
  (needs: Needs): FederationHandler<'stream-asset'> =>
  async (asked, { origin, requestId }) => {
    const { bytes, peers, metrics } = needs
    peers.admit(origin)
    // Asked again although get-asset has said yes: nothing says that who asks now has asked before.
    const asset = await permittedAsset(asked, origin, needs)
    if (!asset) {
      metrics.refused(origin, 'not-found')
      throw notFound()
    }
    const turn = await peers.transfer(origin).catch((error: unknown) => {
      metrics.refused(origin, 'too-many')
      throw error
    })
    const body = await bytes.read(asset.id).catch((error: unknown) => {
      turn[Symbol.dispose]()
      throw error
    })
    if (!body) {
      turn[Symbol.dispose]()
      throw notFound()
    }
    watch(body, turn, needs, (isComplete) => {
      metrics.transferred(origin, isComplete ? 'complete' : 'broken-off', isComplete ? asset.bytes : 0)
      const { user, key } = asked
      needs.log.info(
        { audit: 'asset-transfer', origin, user, key, bytes: asset.bytes, isComplete, requestId },
        'an asset went to another backend',
      )
    })
    return body
  }

const notFound = (): Refusal => new Refusal(404, 'not-found', { detail: 'Asset not found' })

const watch = (body: Readable, turn: Disposable, { clock }: Needs, onEnded: (isComplete: boolean) => void): void => {
  const late = clock.after(TRANSFER_MS_MAX, () => body.destroy(new Error('the transfer takes too long')))
  body.once('close', () => {
    late[Symbol.dispose]()
    turn[Symbol.dispose]()
    onEnded(body.readableEnded)
  })
}
