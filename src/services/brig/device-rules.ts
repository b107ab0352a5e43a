/** Devices: their ids, how they may change, and how they are shown (client-users.md §5). */
import { createHash } from 'node:crypto'
import type { Capability, Device, DeviceType, MlsPublicKeys } from '#src/contract/client/brig-devices.ts'
import type { PubClient } from '#src/contract/federation/users.ts'
import { ClientId } from '#src/contract/ids.ts'
import { PERMANENT_DEVICES_MAX, TEMPORARY_DEVICES_MAX } from './limits.ts'
import { timestamp } from './profiles.ts'
import type { StoredDevice } from './store-devices.ts'

/** The same last-resort prekey is the same device again. */
export const deviceId = (lastKey: string): ClientId =>
  ClientId.parse(createHash('sha256').update(lastKey).digest().subarray(0, 8).toString('hex'))

const GRANTED: readonly Capability[] = ['legalhold-implicit-consent', 'consumable-notifications']

export const granted = (asked: readonly string[]): Capability[] => GRANTED.filter((each) => asked.includes(each))

export interface Room {
  /** Devices that make way. */
  readonly replaced: readonly StoredDevice[]
}

/** Room for a device among the others of its user: a temporary one replaces the last, a permanent one does not. */
export const roomFor = (type: DeviceType, others: readonly StoredDevice[]): Room | 'too-many-clients' => {
  const alike = others.filter((other) => other.type === type)
  if (type === 'temporary') return { replaced: alike.slice(0, Math.max(0, alike.length - TEMPORARY_DEVICES_MAX + 1)) }
  return alike.length < PERMANENT_DEVICES_MAX ? { replaced: [] } : 'too-many-clients'
}

/** Capabilities only grow: what was promised to peers cannot be taken back. */
export const grownCapabilities = (
  present: readonly Capability[],
  asked: readonly string[],
): Capability[] | 'capability-removed' =>
  present.every((capability) => asked.includes(capability))
    ? [...new Set([...present, ...granted(asked)])]
    : 'capability-removed'

/** One key per scheme for ever, because others have seen it; the same text again changes nothing. */
export const addedKeys = (present: MlsPublicKeys, added: MlsPublicKeys): MlsPublicKeys | 'duplicate-key' => {
  const isReplacing = Object.entries(added).some(([scheme, key]) => {
    const known = present[scheme as keyof MlsPublicKeys]
    return known !== undefined && known !== key
  })
  return isReplacing ? 'duplicate-key' : { ...present, ...added }
}

/** Versions before 8 know one capability only (client-api-versions.md S6). */
export const shownCapabilities = (capabilities: readonly Capability[], apiVersion: number): Capability[] =>
  capabilities.filter((each) => apiVersion >= 8 || each !== 'consumable-notifications')

/** As its owner sees it. Before version 7 the capabilities have an object around them. */
export const shownDevice = (device: StoredDevice, apiVersion: number): Device => ({
  id: device.id,
  type: device.type,
  time: timestamp(device.created_at),
  capabilities: inForm(shownCapabilities(device.capabilities, apiVersion), apiVersion),
  mls_public_keys: device.mls_public_keys,
  ...(device.class !== null && { class: device.class }),
  ...(device.label !== null && { label: device.label }),
  ...(device.model !== null && { model: device.model }),
  ...(device.cookie !== null && { cookie: device.cookie }),
  ...(device.last_active !== null && { last_active: timestamp(device.last_active) }),
})

const inForm = (capabilities: Capability[], apiVersion: number): Device['capabilities'] =>
  apiVersion < 7 ? { capabilities } : capabilities

/** Events are read by clients of any version and keep the old form. */
export const EVENT_DEVICE_VERSION = 6

/** As others see it. */
export const publicDevice = ({ id, class: kind }: Pick<StoredDevice, 'id' | 'class'>): PubClient => ({
  id,
  ...(kind !== null && { class: kind }),
})
