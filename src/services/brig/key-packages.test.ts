import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { encode } from 'ts-mls/codec/tlsEncoder.js'
import { varLenDataEncoder } from 'ts-mls/codec/variableLength.js'
import { broken, newDeviceKey } from '#src/mls/testing.ts'
import { addMlsDevice, claimAs, hex, labelOf, several } from './testing-key-packages.ts'
import { callInternal, newNetwork, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const NOW = Date.UTC(2026, 0, 1) / 1000
const DAY = 24 * 60 * 60
const SUITES = [0x0001, 0x0002, 0x0005, 0x0007, 0xf031]

/** As whoever made a package computes it (RFC 9420 §5.2). */
const referenceOf = (keyPackage: string, hash: string): string => {
  const vector = encode(varLenDataEncoder)
  return createHash(hash)
    .update(vector(Buffer.from('MLS 1.0 KeyPackage Reference')))
    .update(vector(Buffer.from(keyPackage, 'base64')))
    .digest('base64')
}

for (const suite of SUITES) {
  test(`KPK-001: packages of suite ${hex(suite)} are taken and counted by suite`, async () => {
    const alice = await registerPerson(a)
    const device = await addMlsDevice(alice, 'one', suite)
    assert.equal(await device.upload(await several(device, 10)), 'uploaded')
    const counts = await Promise.all(SUITES.map((each) => device.count(each)))
    assert.deepEqual(
      counts,
      SUITES.map((each) => (each === suite ? 10 : 0)),
    )
  })
}

test('KPK-001: expired packages are neither counted nor handed out', async () => {
  await using brig = await startTestBrig({ domain: 'c.example' })
  const alice = await registerPerson(brig)
  const device = await addMlsDevice(alice, 'one')
  const short = await several(device, 2, { lifetime: { notBefore: NOW - 60, notAfter: NOW + 60 } })
  const long = await device.make()
  assert.equal(await device.upload([...short, long]), 'uploaded')
  assert.equal(await device.count(), 3)
  await brig.clock.advance(61_000)
  assert.equal(await device.count(), 1)
  assert.deepEqual(
    (await claimAs(await registerPerson(brig), alice)).map(({ ref }) => ref),
    [referenceOf(long, 'sha256')],
  )
  assert.deepEqual(await claimAs(await registerPerson(brig), alice), [])
})

test('KPK-001: before version 8 the suite may be missing and is 1, from then on it must be there', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'one')
  await device.upload([await device.make()])
  const count = async (query: { ciphersuite?: string }, version: number) => {
    const counted = alice.calls('count-key-packages', { params: { client: device.id }, query }, version)
    return counted.then((answer) => (answer.outcome === 'counted' ? answer.body.count : answer.outcome), labelOf)
  }
  assert.equal(await count({}, 7), 1)
  assert.equal(await count({ ciphersuite: '1' }, 7), 1)
  assert.equal(await count({ ciphersuite: '0x1' }, 8), 1)
  assert.equal(await count({}, 8), 'bad-request')
  assert.equal(await count({ ciphersuite: '0x0003' }, 8), 'mls-protocol-error')
  assert.equal(await count({ ciphersuite: 'one' }, 8), 'bad-request')
})

test('KPK-002: each claim takes one package of each device that has one, and each is handed out once', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(a)]
  const devices = [await addMlsDevice(alice, 'one'), await addMlsDevice(alice, 'two')]
  const bare = await addMlsDevice(alice, 'without packages')
  const uploaded = new Map<string, string[]>()
  for (const device of devices) {
    const packages = await several(device, 3)
    uploaded.set(
      device.id,
      packages.map((each) => referenceOf(each, 'sha256')),
    )
    await device.upload(packages)
  }
  const claims = [await claimAs(bob, alice), await claimAs(bob, alice), await claimAs(bob, alice)]
  for (const claim of claims) {
    assert.deepEqual(new Set(claim.map(({ client }) => client)), new Set(devices.map(({ id }) => id)))
  }
  for (const [client, refs] of uploaded) {
    const handedOut = claims.flat().filter((each) => each.client === client)
    assert.deepEqual(handedOut.map(({ ref }) => ref).toSorted(), refs.toSorted())
  }
  assert.deepEqual(await Promise.all([...devices, bare].map((device) => device.count())), [0, 0, 0])
  assert.deepEqual(await claimAs(bob, alice), [])
})

test('KPK-002: who claims his own leaves out the device he asks with', async () => {
  const alice = await registerPerson(a)
  const [one, two] = [await addMlsDevice(alice, 'one'), await addMlsDevice(alice, 'two')]
  for (const device of [one, two]) await device.upload(await several(device, 3))
  const clients = async (query: { skip_own?: string }, asker = alice) => {
    const params = { domain: a.domain, user: alice.id }
    const claimed = await asker.calls('claim-key-packages', { params, query: { ciphersuite: '0x1', ...query } })
    return claimed.outcome === 'claimed' && claimed.body.key_packages.map(({ client }) => client).toSorted()
  }
  assert.deepEqual(await clients({}, alice.as(one.id)), [two.id])
  assert.deepEqual(await clients({ skip_own: two.id }), [one.id])
  assert.deepEqual(await clients({}), [one.id, two.id].toSorted())
  // Nobody leaves out what is another's.
  assert.deepEqual(await clients({ skip_own: one.id }, await registerPerson(a)), [one.id, two.id].toSorted())
})

test('nobody is claimed for: an unknown user is none, here and elsewhere', async () => {
  const alice = await registerPerson(a)
  for (const domain of [a.domain, b.domain]) {
    const params = { domain, user: '00000000-0000-4000-8000-00000000dead' as never }
    const claimed = await alice.calls('claim-key-packages', { params, query: { ciphersuite: '0x1' } })
    assert.deepEqual(claimed, { outcome: 'invalid-user' })
  }
})

for (const [suite, hash] of [
  [0x0001, 'sha256'],
  [0x0002, 'sha256'],
  [0x0005, 'sha512'],
  [0x0007, 'sha384'],
] as const) {
  test(`KPK-003: a package of suite ${hex(suite)} is claimed across backends under its maker's reference`, async () => {
    const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
    const [hers, his] = [await addMlsDevice(alice, 'one', suite), await addMlsDevice(bob, 'one', suite)]
    for (const [device, asker] of [
      [hers, bob],
      [his, alice],
    ] as const) {
      const made = await device.make()
      await device.upload([made])
      const claim = await claimAs(asker, device.person, suite)
      assert.deepEqual(claim, [{ client: device.id, ref: referenceOf(made, hash) }])
      assert.equal(await device.count(), 0)
    }
  })
}

test('KPK-004: a package that is not in order refuses the whole batch and changes nothing', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'checked')
  const other = await addMlsDevice(alice, 'other')
  await device.upload([await device.make()])
  const { identity } = device
  const protocolError = 'mls-protocol-error'
  const wrong: Record<string, [string | Promise<string>, string?]> = {
    'an unsupported suite': [device.make({ suite: 3 })],
    'a suite of another scheme': [device.make({ suite: 2 })],
    'another signature key': [device.make({ key: newDeviceKey() })],
    'another device': [device.make({ identity: other.identity })],
    'another user': [device.make({ identity: identity.replace(alice.id, '00000000-0000-4000-8000-00000000dead') })],
    'another domain': [device.make({ identity: identity.replace(a.domain, 'b.example') })],
    'an identity of another form': [device.make({ identity: alice.id })],
    'a broken signature of the package': [
      device.make({ signedPackage: (made) => ({ ...made, signature: broken(made.signature) }) }),
    ],
    'a package changed after it was signed': [
      device.make({ signedPackage: (made) => ({ ...made, initKey: broken(made.initKey) }) }),
    ],
    'a broken signature of the leaf': [
      device.make({ signedLeaf: (leaf) => ({ ...leaf, signature: broken(leaf.signature) }) }),
      'mls-invalid-leaf-node-signature',
    ],
    'a leaf changed after it was signed': [
      device.make({ signedLeaf: (leaf) => ({ ...leaf, hpkePublicKey: broken(leaf.hpkePublicKey) }) }),
      'mls-invalid-leaf-node-signature',
    ],
    'a lifetime in the future': [device.make({ lifetime: { notBefore: NOW + 60, notAfter: NOW + DAY } })],
    'a lifetime in the past': [device.make({ lifetime: { notBefore: NOW - DAY, notAfter: NOW - 60 } })],
    'a lifetime that ends now': [device.make({ lifetime: { notBefore: NOW - DAY, notAfter: NOW } })],
    'a lifetime that is too long': [device.make({ lifetime: { notBefore: NOW, notAfter: NOW + 181 * DAY } })],
    'the source of an update': [
      device.make({ signedLeaf: (leaf) => ({ ...leaf, leafNodeSource: 'update' }) as never }),
    ],
    'no support for its credential': [device.make({ credentials: ['x509'] })],
    'a credential of no known type': [device.make({ identity: { credentialType: '9', data: Buffer.of(1) } as never })],
    'a certificate that is none': [
      device.make({ identity: { credentialType: 'x509', certificates: [Buffer.from('no certificate')] } }),
    ],
    'another version': [device.make().then((made) => at(made, 1, 2))],
    'half of one': [device.make().then((made) => Buffer.from(made, 'base64').subarray(0, 100).toString('base64'))],
    'one and a byte': [
      device.make().then((made) => `${Buffer.concat([Buffer.from(made, 'base64'), Buffer.of(0)]).toString('base64')}`),
    ],
    'no package at all': [Buffer.from('no package').toString('base64')],
  }
  for (const [what, [made, expected = protocolError]] of Object.entries(wrong)) {
    assert.equal(await device.upload([await device.make(), await made]), expected, what)
    assert.equal(await device.count(), 1, what)
  }
})

/** With one byte changed. */
const at = (made: string, index: number, value: number): string => {
  const bytes = Buffer.from(made, 'base64')
  bytes[index] = value
  return bytes.toString('base64')
}

test('KPK-004: a device that has registered no key brings no packages, and one that is not there neither', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'registered')
  const made = await device.make({ suite: 2, key: newDeviceKey('ecdsa_secp256r1_sha256') })
  assert.equal(await device.upload([made]), 'mls-protocol-error')
  const nowhere = alice.calls('upload-key-packages', {
    params: { client: 'dead' },
    body: { key_packages: [await device.make({ identity: `${alice.id}:dead@${a.domain}` })] },
  })
  assert.equal(await nowhere.then(({ outcome }) => outcome, labelOf), 'mls-protocol-error')
})

test('KPK-007: packages are taken back by reference, and only from the device that was named', async () => {
  const [alice, mallory] = [await registerPerson(a), await registerPerson(a)]
  const [device, other] = [await addMlsDevice(alice, 'one'), await addMlsDevice(alice, 'two')]
  const packages = await several(device, 3)
  await device.upload(packages)
  await other.upload(await several(other, 1))
  const refs = packages.map((made) => referenceOf(made, 'sha256'))
  const remove = async (person: typeof alice, client: string, query = { ciphersuite: '0x0001' }) => {
    const body = { key_packages: [...refs, Buffer.from('unknown').toString('base64')] }
    return (await person.calls('delete-key-packages', { params: { client }, query, body })).outcome
  }
  assert.equal(await remove(mallory, device.id), 'deleted')
  assert.equal(await remove(alice, other.id), 'deleted')
  assert.equal(await remove(alice, device.id, { ciphersuite: '0x0002' }), 'deleted')
  assert.deepEqual([await device.count(), await other.count()], [3, 1])
  assert.equal(await remove(alice, device.id), 'deleted')
  assert.deepEqual([await device.count(), await other.count()], [0, 1])
})

test('KPK-008: packages of some suites are replaced by others, and only the new ones are handed out', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'one')
  const [s, t] = [0x0001, 0xf031]
  const replace = async (ciphersuites: string, packages: string[]) => {
    const replaced = alice.calls('replace-key-packages', {
      params: { client: device.id },
      query: { ciphersuites },
      body: { key_packages: packages },
    })
    return replaced.then(({ outcome }) => outcome, labelOf)
  }
  const counts = async () => [await device.count(s), await device.count(t)]
  await device.upload([...(await several(device, 4)), ...(await several(device, 5, { suite: t }))])
  assert.equal(await replace(hex(t), await several(device, 3, { suite: t })), 'replaced')
  assert.deepEqual(await counts(), [4, 3])
  const [news, newt] = [await several(device, 3), await several(device, 2, { suite: t })]
  assert.equal(await replace(`${hex(s)},${hex(t)}`, [...news, ...newt]), 'replaced')
  assert.deepEqual(await counts(), [3, 2])
  assert.equal(await replace('', []), 'replaced')
  assert.equal(await replace(hex(t), await several(device, 1)), 'mls-protocol-error')
  assert.equal(await replace('', await several(device, 1)), 'mls-protocol-error')
  assert.deepEqual(await counts(), [3, 2])
  const bob = await registerPerson(a)
  const claimed = [await claimAs(bob, alice), await claimAs(bob, alice), await claimAs(bob, alice)].flat()
  assert.deepEqual(claimed.map(({ ref }) => ref).toSorted(), news.map((made) => referenceOf(made, 'sha256')).toSorted())
})

test('KPK-011: other backends and our own parts see which devices can be added, with the key of the suite', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  const [able, unable] = [await addMlsDevice(alice, 'able'), await addMlsDevice(alice, 'unable')]
  await able.upload([await able.make()])
  const info = ({ id, key }: typeof able, mls: boolean) => ({ id, mls, mls_signature_key: key.publicKey })
  const found = await callInternal(a, 'get-mls-clients', { params: { user: alice.id }, query: { ciphersuite: '0x1' } })
  const byId = <T extends { id: string }>(all: T[]) => all.toSorted((one, other) => (one.id < other.id ? -1 : 1))
  assert.deepEqual(found.outcome === 'found' && byId(found.body), byId([info(able, true), info(unable, false)]))
  const second = await callInternal(a, 'get-mls-clients', { params: { user: alice.id }, query: { ciphersuite: '0x2' } })
  assert.deepEqual(
    second.outcome === 'found' && byId(second.body),
    byId([able, unable].map(({ id }) => ({ id, mls: false }))),
  )
  await claimAs(bob, alice)
  const later = await callInternal(a, 'get-mls-clients', { params: { user: alice.id }, query: { ciphersuite: '0x1' } })
  assert.deepEqual(later.outcome === 'found' && byId(later.body), byId([info(able, false), info(unable, false)]))
})

test('CLI-009: with a device go its key packages', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'going')
  await device.upload(await several(device, 2))
  await alice.calls('remove-device', { params: { client: device.id }, body: { password: 'correct horse' } })
  assert.equal(await device.count(), 0)
  assert.deepEqual(await claimAs(await registerPerson(a), alice), [])
})

test('a device has a bounded number of packages', async () => {
  const alice = await registerPerson(a)
  const device = await addMlsDevice(alice, 'hoarding')
  await a.alter(`insert into brig.key_packages
    select '${alice.id}', '${device.id}', 2, int4send(number), 'x', '2027-01-01' from generate_series(1, 1999) number`)
  assert.equal(await device.upload(await several(device, 2)), 'too-many')
  assert.equal(await device.count(), 0)
  assert.equal(await device.upload(await several(device, 1)), 'uploaded')
})
