/** Devices ("clients") and their prekeys (client-users.md §5, §6). */
import { z } from 'zod'
import { QualifiedUserClients } from '#src/contract/federation/shared.ts'
import { ClientPrekey, Prekey, PrekeyBundle, PubClient } from '#src/contract/federation/users.ts'
import { ClientId, Domain, PrekeyId, QualifiedUserId, Timestamp, UserId } from '#src/contract/ids.ts'
import { base64 } from '#src/contract/shapes.ts'
import { ClientClass } from '#src/contract/vocabulary.ts'
import { answer, empty, endpoint, failure, from, until } from '#src/kit/endpoint.ts'
import { wrongPassword } from './brig-accounts.ts'
import {
  CAPABILITIES_MAX,
  CAPABILITY_CHARACTERS_MAX,
  PASSWORD_CHARACTERS_MAX,
  PREKEY_BYTES_MAX,
  PREKEY_BYTES_MIN,
  PREKEYS_PER_REQUEST_MAX,
  SIGNATURE_KEY_BYTES_MAX,
  USERS_PER_DEVICE_LIST_MAX,
} from './brig-limits.ts'
import { Label, optionally } from './brig-people.ts'
import { UserPath } from './brig-users.ts'

/** Handed out again and again once no other prekey is left. */
export const LAST_RESORT_PREKEY_ID = 65_535

const PrekeyText = base64(PREKEY_BYTES_MAX, PREKEY_BYTES_MIN)
const NewPrekey = z.object({ id: PrekeyId.max(LAST_RESORT_PREKEY_ID - 1), key: PrekeyText })
const NewPrekeys = z.array(NewPrekey).max(PREKEYS_PER_REQUEST_MAX)
const LastResortPrekey = z.object({ id: z.literal(LAST_RESORT_PREKEY_ID), key: PrekeyText })

const CapabilityNames = z.array(z.string().max(CAPABILITY_CHARACTERS_MAX)).max(CAPABILITIES_MAX)

/** A list from version 7 on, an object around it before; either is read in every version. */
const NewCapabilities = z.union([
  CapabilityNames,
  z.object({ capabilities: CapabilityNames }).transform(({ capabilities }) => capabilities),
])

const MlsScheme = z.enum([
  'ed25519',
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed448',
])

/** Kept exactly as received: a client that reads back another text logs itself out (client-users.md §9.2). */
export const MlsPublicKeys = z.partialRecord(MlsScheme, base64(SIGNATURE_KEY_BYTES_MAX, 1))
export type MlsPublicKeys = z.infer<typeof MlsPublicKeys>

export const DeviceType = z.enum(['permanent', 'temporary'])
export type DeviceType = z.infer<typeof DeviceType>

export const Capability = z.enum(['legalhold-implicit-consent', 'consumable-notifications'])
export type Capability = z.infer<typeof Capability>

export const Capabilities = z.array(Capability).max(CAPABILITIES_MAX)

const deviceOf = <C extends z.ZodType>(capabilities: C) =>
  z.object({
    id: ClientId,
    type: DeviceType,
    class: ClientClass.optional(),
    time: Timestamp,
    label: z.string().optional(),
    model: z.string().optional(),
    cookie: z.string().optional(),
    capabilities,
    mls_public_keys: MlsPublicKeys,
    last_active: Timestamp.optional(),
  })

/** Capabilities are a list from version 7 on and an object around it before (client-api-versions.md S6). */
export const Device = deviceOf(z.union([Capabilities, z.object({ capabilities: Capabilities })]))
export type Device = z.infer<typeof Device>

const NewDevice = z.object({
  type: DeviceType,
  class: optionally(z.enum(['phone', 'tablet', 'desktop'])),
  model: optionally(Label),
  label: optionally(Label),
  cookie: optionally(Label),
  password: optionally(z.string().max(2 * PASSWORD_CHARACTERS_MAX)),
  prekeys: NewPrekeys,
  lastkey: LastResortPrekey,
  capabilities: optionally(NewCapabilities),
  mls_public_keys: optionally(MlsPublicKeys),
})

const DeviceUpdate = z.object({
  prekeys: optionally(NewPrekeys),
  lastkey: optionally(LastResortPrekey),
  label: optionally(Label),
  capabilities: optionally(NewCapabilities),
  mls_public_keys: optionally(MlsPublicKeys),
})

const DevicePath = z.object({ client: ClientId })
const missingPassword = failure(403, 'missing-auth', 'A password is needed for this')
const unknownDevice = failure(404, 'client-not-found', 'There is no such client')
const tooManyPrekeys = failure(413, 'client-error', 'Too many prekeys of one device')
const duplicateKey = failure(400, 'mls-duplicate-public-key', 'A public key cannot be replaced')

const own = {
  'register-device': endpoint('Add a device with its prekeys.', {
    method: 'POST',
    path: '/clients',
    access: 'token',
    body: NewDevice,
    answers: {
      registered: answer(201, Device, 'With its path as Location.'),
      'missing-auth': missingPassword,
      'wrong-password': wrongPassword,
      'duplicate-key': duplicateKey,
      'too-many-clients': failure(403, 'too-many-clients', 'Too many clients'),
      'too-many-prekeys': tooManyPrekeys,
    },
  }),

  'list-devices': endpoint('My devices.', {
    method: 'GET',
    path: '/clients',
    access: 'token',
    answers: { found: answer(200, z.array(Device)) },
  }),

  'get-device': endpoint('One of my devices.', {
    method: 'GET',
    path: '/clients/{client}',
    access: 'token',
    params: z.object({ client: z.string() }),
    // Not an error object: only the bare status tells core that its device is gone (client-api-versions.md §5.3).
    answers: { found: answer(200, Device), 'not-found': empty(404) },
  }),

  'update-device': endpoint('Change a device, or refill its prekeys.', {
    method: 'PUT',
    path: '/clients/{client}',
    access: 'token',
    params: DevicePath,
    body: DeviceUpdate,
    answers: {
      updated: empty(200),
      'not-found': unknownDevice,
      'duplicate-key': duplicateKey,
      'too-many-prekeys': tooManyPrekeys,
      'capability-removed': failure(409, 'client-capabilities-cannot-be-removed', 'Capabilities cannot be withdrawn'),
    },
  }),

  'remove-device': endpoint('Remove a device and end its sessions.', {
    method: 'DELETE',
    path: '/clients/{client}',
    access: 'token',
    params: DevicePath,
    body: z.object({ password: optionally(z.string().max(2 * PASSWORD_CHARACTERS_MAX)) }).prefault({}),
    answers: {
      removed: empty(200),
      'missing-auth': missingPassword,
      'wrong-password': wrongPassword,
      'not-found': unknownDevice,
    },
  }),

  'list-own-prekeys': endpoint('Which prekeys of a device are left.', {
    method: 'GET',
    path: '/clients/{client}/prekeys',
    access: 'token',
    params: DevicePath,
    answers: { found: answer(200, z.array(PrekeyId)) },
  }),

  'get-capabilities': endpoint('The capabilities of a device.', {
    method: 'GET',
    path: '/clients/{client}/capabilities',
    access: 'token',
    params: DevicePath,
    answers: {
      found: answer(200, Capabilities, '', from(7)),
      'found-nested': answer(200, z.object({ capabilities: Capabilities }), '', until(7)),
      'not-found': unknownDevice,
    },
  }),
}

const OthersDevicePath = UserPath.extend({ client: ClientId })

const others = {
  'list-user-devices': endpoint('The devices of a user.', {
    method: 'GET',
    path: '/users/{domain}/{user}/clients',
    access: 'token',
    params: UserPath,
    aliases: [{ path: '/users/{user}/clients' }],
    answers: { found: answer(200, z.array(PubClient)) },
  }),

  'get-user-device': endpoint('One device of a user.', {
    method: 'GET',
    path: '/users/{domain}/{user}/clients/{client}',
    access: 'token',
    params: OthersDevicePath,
    aliases: [{ path: '/users/{user}/clients/{client}' }],
    answers: { found: answer(200, PubClient), 'not-found': unknownDevice },
  }),

  'list-devices-of-users': endpoint('The devices of many users; backends that cannot be reached are missing.', {
    method: 'POST',
    path: '/users/list-clients',
    access: 'token',
    body: z.object({ qualified_users: z.array(QualifiedUserId).max(USERS_PER_DEVICE_LIST_MAX) }),
    aliases: [{ path: '/users/list-clients/v2' }],
    answers: {
      found: answer(200, z.object({ qualified_user_map: z.record(Domain, z.record(UserId, z.array(PubClient))) })),
    },
  }),
}

const ClaimedPrekeys = z.record(Domain, z.record(UserId, z.record(ClientId, Prekey.nullable())))
const nothing = failure(404, 'not-found', 'There is no such user or client')

const prekeys = {
  'claim-prekeys-of-user': endpoint('Take one prekey of each device of a user.', {
    method: 'GET',
    path: '/users/{domain}/{user}/prekeys',
    access: 'token',
    params: UserPath,
    aliases: [{ path: '/users/{user}/prekeys' }],
    answers: { claimed: answer(200, PrekeyBundle), 'not-found': nothing },
  }),

  'claim-prekey': endpoint('Take one prekey of a device.', {
    method: 'GET',
    path: '/users/{domain}/{user}/prekeys/{client}',
    access: 'token',
    params: OthersDevicePath,
    aliases: [{ path: '/users/{user}/prekeys/{client}' }],
    answers: { claimed: answer(200, ClientPrekey), 'not-found': nothing },
  }),

  'claim-prekeys': endpoint('Take one prekey of each of many devices, on any backends.', {
    method: 'POST',
    path: '/users/list-prekeys',
    access: 'token',
    body: QualifiedUserClients,
    answers: {
      claimed: answer(
        200,
        z.object({
          qualified_user_client_prekeys: ClaimedPrekeys,
          failed_to_list: z.array(QualifiedUserId).optional(),
        }),
        'A device without prekeys, or that is none, has `null`.',
        from(4),
      ),
      'claimed-bare': answer(200, ClaimedPrekeys, 'Users whose backend cannot be reached are missing.', until(4)),
      'too-many-clients': failure(403, 'too-many-clients', 'Too many users for one request'),
    },
  }),
}

export const brigDevices = { ...own, ...others, ...prekeys }
