/** Taking key packages of users of any backend. */
import type { ClaimedKeyPackage, KeyPackageBundle } from '#src/contract/federation/users.ts'
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { type Suite, suiteOf } from '#src/mls/cipher-suites.ts'
import { readKeyPackage } from '#src/mls/key-package.ts'
import { keyPackageReference } from '#src/mls/signatures.ts'
import { keyPackageFlaw } from '#src/mls/validate-key-package.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { CallContext } from '#src/rpc/remote-backends.ts'
import type { MlsClientNeeds } from './mls-clients.ts'
import type { OtherBackends, RemoteClaim } from './other-backends.ts'
import { isPresent } from './profiles.ts'
import { takeKeyPackages } from './store-key-packages.ts'
import { findUser } from './store-users.ts'

export interface LocalClaimNeeds extends MlsClientNeeds {
  readonly domain: Domain
}

export interface ClaimNeeds extends LocalClaimNeeds {
  readonly others: OtherBackends
}

interface LocalClaim {
  readonly user: UserId
  readonly suite: Suite
  /** Not of this device. */
  readonly except?: ClientId | undefined
}

/** `undefined` for nobody. */
export const claimKeyPackagesLocally = async (
  { db, domain, clock }: LocalClaimNeeds,
  { user: id, suite, except }: LocalClaim,
): Promise<KeyPackageBundle | undefined> => {
  const now = clock.now()
  const user = await findUser(db, id)
  if (!user || !isPresent(user, now)) return undefined
  const taken = await takeKeyPackages(db, id, { suite: suite.number, now, except })
  return {
    key_packages: taken.map(({ client, ref, data }) => ({
      domain,
      user: id,
      client,
      key_package_ref: ref.toString('base64'),
      key_package: data.toString('base64'),
    })),
  }
}

/** `undefined` for nobody there, or nobody who can use MLS. */
export const claimKeyPackagesElsewhere = async (
  { others }: ClaimNeeds,
  claim: RemoteClaim,
  context: CallContext,
): Promise<KeyPackageBundle | undefined> => {
  const found = await others.claimKeyPackages(claim, context)
  for (const each of found?.key_packages ?? []) {
    const flaw = await flawOf(each, claim)
    // The backend is at fault, which checks what its devices bring; leaving one out would hide a device.
    if (flaw !== undefined) throw unexpected(claim, `${each.client} of ${each.user}: ${flaw}`)
  }
  return found
}

/**
 * Everything about it that we can know. Which key its device has registered is for its own backend to know, and whether
 * its time has come for the clocks of both.
 */
const flawOf = async (claimed: ClaimedKeyPackage, { target, suite }: RemoteClaim): Promise<string | undefined> => {
  const { domain, user, client } = claimed
  if (domain !== target.domain || user !== target.id) return 'somebody else was asked for'
  const bytes = Buffer.from(claimed.key_package, 'base64')
  const found = readKeyPackage(bytes)
  if (!found) return 'it is no key package'
  if (suiteOf(found.suite) !== suite) return 'it is of another cipher suite'
  if (keyPackageReference(suite, bytes).toString('base64') !== claimed.key_package_ref) return 'its reference is wrong'
  const flaw = await keyPackageFlaw(found, { user, client, domain }, suite)
  return flaw?.part === 'leaf-signature' ? 'the signature of its leaf is wrong' : flaw?.words
}

const unexpected = ({ target: { domain } }: RemoteClaim, detail: string): FederationFailure =>
  new FederationFailure({ domain, rpc: 'claim-key-packages' }, 533, 'federation-unexpected-body', {
    detail: `answered with a key package that is not in order, ${detail}`,
  })
