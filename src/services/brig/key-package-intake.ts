/** Key packages that a device brings: all of them are good, or none is taken. */
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { type Suite, suiteOf } from '#src/mls/cipher-suites.ts'
import type { ClientIdentity } from '#src/mls/identity.ts'
import { type KeyPackage, readKeyPackage } from '#src/mls/key-package.ts'
import { keyPackageReference } from '#src/mls/signatures.ts'
import { type Flaw, keyPackageFlaw, lifetimeFlaw } from '#src/mls/validate-key-package.ts'
import { KEY_PACKAGES_PER_DEVICE_MAX } from './limits.ts'
import { findDevice, type StoredDevice } from './store-devices.ts'
import {
  countAllKeyPackages,
  deleteExpiredKeyPackages,
  deleteKeyPackagesOfSuites,
  insertKeyPackages,
  type NewKeyPackage,
} from './store-key-packages.ts'
import { lockUsers } from './store-users.ts'
import type { BrigDb } from './tables.ts'

export interface IntakeNeeds {
  readonly db: BrigDb
  readonly domain: Domain
  readonly clock: Clock
}

export interface Brought {
  readonly user: UserId
  readonly client: ClientId
  /** In Base64. */
  readonly packages: readonly string[]
  /** They are of these suites, and take the place of all others of them; without, they are added. */
  readonly replacing?: readonly Suite[]
}

export const takeIn = async (needs: IntakeNeeds, { user, client, packages, replacing }: Brought): Promise<void> => {
  const { db, domain, clock } = needs
  const device = await findDevice(db, user, client)
  const against = { owner: { user, client, domain }, device, suites: replacing, now: clock.now() }
  const good: NewKeyPackage[] = []
  // One after the other: the other threads of the pool are for others.
  for (const text of packages) good.push(await check(Buffer.from(text, 'base64'), against))
  await db.transaction().execute(async (tx) => {
    await lockUsers(tx, [user])
    // Keys are never replaced, so what was checked still holds, unless the device has gone meanwhile.
    if (!(await findDevice(tx, user, client))) return refuse(UNREGISTERED)
    await deleteExpiredKeyPackages(tx, { user, client }, against.now)
    if (replacing)
      await deleteKeyPackagesOfSuites(
        tx,
        { user, client },
        replacing.map(({ number }) => number),
      )
    await insertKeyPackages(tx, { user, client }, good)
    if ((await countAllKeyPackages(tx, { user, client })) <= KEY_PACKAGES_PER_DEVICE_MAX) return undefined
    throw new Refusal(413, 'client-error', { detail: 'Too many key packages of one device' })
  })
}

interface Against {
  readonly owner: ClientIdentity
  readonly device: StoredDevice | undefined
  readonly suites: readonly Suite[] | undefined
  readonly now: Date
}

const UNREGISTERED = 'the device has not registered this signature key'

/** What costs little first. */
const check = async (bytes: Buffer, { owner, device, suites, now }: Against): Promise<NewKeyPackage> => {
  const found = readKeyPackage(bytes) ?? refuse('it is none')
  const suite = suiteOf(found.suite) ?? refuse('its cipher suite is not supported')
  if (suites && !suites.includes(suite)) return refuse('it is of another cipher suite')
  if (!isRegistered(found, device, suite)) return refuse(UNREGISTERED)
  const flaw = lifetimeFlaw(found, now) ?? (await keyPackageFlaw(found, owner, suite))
  if (flaw) return refuseFor(flaw)
  return {
    suite: suite.number,
    ref: keyPackageReference(suite, bytes),
    data: bytes,
    expiresAt: new Date(Number(found.leaf.notAfter) * 1000),
  }
}

const isRegistered = ({ leaf }: KeyPackage, device: StoredDevice | undefined, { scheme }: Suite): boolean => {
  const registered = device?.mls_public_keys[scheme]
  return registered !== undefined && Buffer.from(registered, 'base64').equals(leaf.signatureKey)
}

const refuseFor = (flaw: Flaw): never => {
  if (flaw.part === 'package') return refuse(flaw.words)
  throw new Refusal(400, 'mls-invalid-leaf-node-signature', { detail: 'The signature of a leaf node is wrong' })
}

const refuse = (words: string): never => {
  throw new Refusal(400, 'mls-protocol-error', { detail: `A key package is not accepted: ${words}` })
}
