/** MLS key packages (client-users.md §9.3): with one of them a client is added to a group without being asked. */
import { z } from 'zod'
import { KeyPackageBundle } from '#src/contract/federation/users.ts'
import { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { base64 } from '#src/contract/shapes.ts'
import { CipherSuiteText } from '#src/contract/vocabulary.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import {
  CIPHER_SUITES_PER_REQUEST_MAX,
  KEY_PACKAGE_BYTES_MAX,
  KEY_PACKAGE_REFERENCE_BYTES_MAX,
  KEY_PACKAGES_PER_REQUEST_MAX,
} from './brig-limits.ts'

/** Missing in versions before 8, where that means 1. */
const OneSuite = z.object({ ciphersuite: CipherSuiteText.optional() })

const Suites = z
  .string()
  .max(12 * CIPHER_SUITES_PER_REQUEST_MAX)
  .transform((text) => (text === '' ? [] : text.split(',')))
  .pipe(z.array(CipherSuiteText).max(CIPHER_SUITES_PER_REQUEST_MAX))

const OwnDevicePath = z.object({ client: ClientId })
const KeyPackages = z.array(base64(KEY_PACKAGE_BYTES_MAX, 1)).max(KEY_PACKAGES_PER_REQUEST_MAX)
const References = z.array(base64(KEY_PACKAGE_REFERENCE_BYTES_MAX, 1)).max(KEY_PACKAGES_PER_REQUEST_MAX)

const protocolError = failure(400, 'mls-protocol-error', 'This is not in order')
const wrongUse = {
  'mls-protocol-error': protocolError,
  'mls-invalid-leaf-node-signature': failure(
    400,
    'mls-invalid-leaf-node-signature',
    'The signature of a leaf node is wrong',
  ),
  'too-many': failure(413, 'client-error', 'Too many key packages of one device'),
}

const OWN_PATH = '/mls/key-packages/self/{client}'

export const brigKeyPackages = {
  'upload-key-packages': endpoint('Add key packages of a device.', {
    method: 'POST',
    path: OWN_PATH,
    access: 'token',
    params: OwnDevicePath,
    body: z.object({ key_packages: KeyPackages }),
    answers: { uploaded: empty(201, 'All of them; one that is not in order refuses all.'), ...wrongUse },
  }),

  'replace-key-packages': endpoint('Put key packages in the place of all others of some cipher suites.', {
    method: 'PUT',
    path: OWN_PATH,
    access: 'token',
    params: OwnDevicePath,
    query: z.object({ ciphersuites: Suites.optional() }),
    body: z.object({ key_packages: KeyPackages }),
    answers: { replaced: empty(201), ...wrongUse },
  }),

  'delete-key-packages': endpoint('Take back key packages of a device; those that are not there do not matter.', {
    method: 'DELETE',
    path: OWN_PATH,
    access: 'token',
    params: OwnDevicePath,
    query: OneSuite,
    body: z.object({ key_packages: References }),
    answers: { deleted: empty(201), 'mls-protocol-error': protocolError },
  }),

  'count-key-packages': endpoint('How many key packages of a device are left.', {
    method: 'GET',
    path: `${OWN_PATH}/count`,
    access: 'token',
    params: OwnDevicePath,
    query: OneSuite,
    answers: {
      counted: answer(200, z.object({ count: z.int().min(0) })),
      'mls-protocol-error': protocolError,
    },
  }),

  'claim-key-packages': endpoint('Take one key package of each device of a user that has one.', {
    method: 'POST',
    path: '/mls/key-packages/claim/{domain}/{user}',
    access: 'token',
    params: z.object({ domain: Domain, user: UserId }),
    query: OneSuite.extend({ skip_own: ClientId.optional() }),
    answers: {
      claimed: answer(200, KeyPackageBundle, 'Without the device that asks, when a user asks for himself.'),
      'invalid-user': failure(400, 'invalid-user', 'There is no such user, or none who can use MLS'),
      'mls-protocol-error': protocolError,
    },
  }),
}
