/** For tests: devices that can be added to MLS groups. */
import assert from 'node:assert/strict'
import type { ClientId } from '#src/contract/ids.ts'
import { type DeviceKey, type KeyPackageWish, makeKeyPackage, newDeviceKey, schemeOf } from '#src/mls/testing.ts'
import { newDevice, type Person } from './testing.ts'

export interface MlsDevice {
  readonly id: ClientId
  readonly person: Person
  readonly key: DeviceKey
  /** As its credential says it. */
  readonly identity: string
  make(wish?: Partial<KeyPackageWish>): Promise<string>
  /** The outcome. */
  upload(packages: readonly string[]): Promise<string>
  count(suite?: number): Promise<number>
}

export const hex = (suite: number): string => `0x${suite.toString(16).padStart(4, '0')}`

export const addMlsDevice = async (person: Person, seed: string, suite = 1): Promise<MlsDevice> => {
  const key = newDeviceKey(schemeOf(suite))
  const answer = await person.calls('register-device', {
    body: newDevice(`${person.id} ${seed}`, { mls_public_keys: { [key.scheme]: key.publicKey } }),
  })
  assert.ok(answer.outcome === 'registered')
  const { id } = answer.body
  const identity = `${person.id}:${id}@${person.brig.domain}`
  return {
    id,
    person,
    key,
    identity,
    make: (wish = {}) => makeKeyPackage({ identity, key, suite, ...wish }),
    upload: async (packages) => {
      const uploaded = person.calls('upload-key-packages', {
        params: { client: id },
        body: { key_packages: [...packages] },
      })
      return uploaded.then(({ outcome }) => outcome, labelOf)
    },
    count: async (of = suite) => {
      const counted = await person.calls('count-key-packages', {
        params: { client: id },
        query: { ciphersuite: hex(of) },
      })
      assert.ok(counted.outcome === 'counted')
      return counted.body.count
    },
  }
}

/** Of an answer that is not declared, because it says nothing about key packages. */
export const labelOf = (error: unknown): string => {
  const label = /answered \d+: .*"label":"([^"]+)"/.exec(String(error))?.[1]
  if (label === undefined) throw error
  return label
}

export const several = (device: MlsDevice, count: number, wish: Partial<KeyPackageWish> = {}): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => device.make(wish)))

export const claimAs = async (asker: Person, target: Person, suite = 1): Promise<{ client: string; ref: string }[]> => {
  const claimed = await asker.calls('claim-key-packages', {
    params: { domain: target.brig.domain, user: target.id },
    query: { ciphersuite: hex(suite) },
  })
  assert.ok(claimed.outcome === 'claimed')
  return claimed.body.key_packages.map(({ client, key_package_ref: ref }) => ({ client, ref }))
}
