import { DEVICE_PROMISES } from '#src/contract/federation/device-promises.ts'
import { NOTIFICATION_BATCH } from '#src/contract/federation/notification-batch.ts'
import { SUPPORTED_VERSIONS } from '#src/rpc/versions.ts'
import type { FederationHandler } from '../handler.ts'

/** `supported` is for peers whose negotiation is broken and never changes (federation-transport.md §12). */
export const apiVersion: FederationHandler<'api-version'> = async () => ({
  supported: [0, 1],
  supported_versions: [...SUPPORTED_VERSIONS],
  comity_extensions: [NOTIFICATION_BATCH, DEVICE_PROMISES],
})
