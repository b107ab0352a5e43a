/** Devices as those see them who build MLS groups, here and elsewhere (federation-api.md §6.6). */
import type { ClientInfo } from '#src/contract/federation/users.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { type Suite, suiteOf } from '#src/mls/cipher-suites.ts'
import { findDevice, findDevices, type StoredDevice } from './store-devices.ts'
import { findDevicesWithKeyPackages } from './store-key-packages.ts'
import type { BrigDb } from './tables.ts'

export interface MlsClientNeeds {
  readonly db: BrigDb
  readonly clock: Clock
}

/** Refuses suites that are not used here. */
export const knownSuite = (number: number): Suite => {
  const suite = suiteOf(number)
  if (!suite) throw new Refusal(400, 'mls-protocol-error', { detail: 'unknown cipher suite' })
  return suite
}

/** All of them, also those without MLS. */
export const mlsClients = async ({ db, clock }: MlsClientNeeds, user: UserId, suite: Suite): Promise<ClientInfo[]> => {
  const devices = await findDevices(db, user)
  const able = await findDevicesWithKeyPackages(db, user, { suite: suite.number, now: clock.now() })
  return devices.map((device) => infoOf(device, { suite, isAble: able.has(device.id) }))
}

export const mlsClient = async (
  { db, clock }: MlsClientNeeds,
  { user, client }: { readonly user: UserId; readonly client: ClientId },
  suite: Suite,
): Promise<ClientInfo> => {
  const device = await findDevice(db, user, client)
  if (!device) return { id: client, mls: false }
  const able = await findDevicesWithKeyPackages(db, user, { suite: suite.number, now: clock.now() })
  return infoOf(device, { suite, isAble: able.has(client) })
}

const infoOf = (
  { id, mls_public_keys: keys }: StoredDevice,
  { suite, isAble }: { readonly suite: Suite; readonly isAble: boolean },
): ClientInfo => {
  const key = keys[suite.scheme]
  return { id, mls: isAble, ...(key !== undefined && { mls_signature_key: key }) }
}
