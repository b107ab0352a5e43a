import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { PeerGate } from '../../peer-gate.ts'
import { permittedAsset } from '../../permitted-asset.ts'
import type { CargoholdStore } from '../../store.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly domain: Domain
  readonly store: CargoholdStore
  readonly peers: PeerGate
  readonly clock: Clock
}

export const getAsset =
  (needs: Needs): FederationHandler<'get-asset'> =>
  async (asked, { origin }) => {
    needs.peers.admit(origin)
    return { available: (await permittedAsset(asked, origin, needs)) !== undefined }
  }
