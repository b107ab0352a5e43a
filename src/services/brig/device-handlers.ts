/** Which handler serves which endpoint about devices, and what each is handed. */
import type { Announcements } from './announcements.ts'
import type { CredentialNeeds } from './credentials.ts'
import type { DeviceChanges } from './device-changes.ts'
import type { DeviceNeeds } from './device-lookup.ts'
import { claimKeyPackages } from './handlers/client/claim-key-packages.ts'
import { claimPrekey } from './handlers/client/claim-prekey.ts'
import { claimPrekeysOfUser } from './handlers/client/claim-prekeys-of-user.ts'
import { claimPrekeys } from './handlers/client/claim-prekeys.ts'
import { countKeyPackages } from './handlers/client/count-key-packages.ts'
import { deleteKeyPackages } from './handlers/client/delete-key-packages.ts'
import { getCapabilities } from './handlers/client/get-capabilities.ts'
import { getDevice } from './handlers/client/get-device.ts'
import { getUserDevice } from './handlers/client/get-user-device.ts'
import { listDevicesOfUsers } from './handlers/client/list-devices-of-users.ts'
import { listDevices } from './handlers/client/list-devices.ts'
import { listOwnPrekeys } from './handlers/client/list-own-prekeys.ts'
import { listUserDevices } from './handlers/client/list-user-devices.ts'
import { registerDevice } from './handlers/client/register-device.ts'
import { removeDevice } from './handlers/client/remove-device.ts'
import { replaceKeyPackages } from './handlers/client/replace-key-packages.ts'
import { updateDevice } from './handlers/client/update-device.ts'
import { uploadKeyPackages } from './handlers/client/upload-key-packages.ts'

export interface DeviceHandlerNeeds extends CredentialNeeds, DeviceNeeds {
  readonly announcements: Announcements
  readonly changes: DeviceChanges
}

export const deviceHandlers = (needs: DeviceHandlerNeeds) => ({
  ...devices(needs),
  ...keyPackages(needs),
})

const devices = (needs: DeviceHandlerNeeds) => ({
  'register-device': registerDevice(needs),
  'list-devices': listDevices(needs),
  'get-device': getDevice(needs),
  'update-device': updateDevice(needs),
  'remove-device': removeDevice(needs),
  'list-own-prekeys': listOwnPrekeys(needs),
  'get-capabilities': getCapabilities(needs),
  'list-user-devices': listUserDevices(needs),
  'get-user-device': getUserDevice(needs),
  'list-devices-of-users': listDevicesOfUsers(needs),
  'claim-prekeys-of-user': claimPrekeysOfUser(needs),
  'claim-prekey': claimPrekey(needs),
  'claim-prekeys': claimPrekeys(needs),
})

const keyPackages = (needs: DeviceHandlerNeeds) => ({
  'upload-key-packages': uploadKeyPackages(needs),
  'replace-key-packages': replaceKeyPackages(needs),
  'delete-key-packages': deleteKeyPackages(needs),
  'count-key-packages': countKeyPackages(needs),
  'claim-key-packages': claimKeyPackages(needs),
})
