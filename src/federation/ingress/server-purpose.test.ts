import 'reflect-metadata'
import assert from 'node:assert/strict'
import { type webcrypto, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { type ServerChain, verifiesAsServer } from './server-purpose.ts'

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = (modulusLength: number, hash = 'SHA-256') => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash,
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength,
})
const { serverAuth, clientAuth, codeSigning } = x509.ExtendedKeyUsage
const HOUR_MS = 3_600_000
const now = new Date()

interface Made {
  readonly certificate: X509Certificate
  readonly name: string
  readonly keys: webcrypto.CryptoKeyPair
}

interface Wish {
  readonly name: string
  /** Left out: by itself. */
  readonly by?: Made
  readonly extensions: readonly x509.Extension[]
  readonly algorithm?: ReturnType<typeof rsa> | typeof EC
  /** Of the signature, where it is not the usual one. */
  readonly hash?: string
  readonly hours?: readonly [number, number]
}

const make = async ({ name, by, extensions, algorithm = EC, hash, hours = [-1, 1] }: Wish): Promise<Made> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const signer = by?.keys ?? keys
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: `CN=${name}`,
    issuer: `CN=${by?.name ?? name}`,
    notBefore: new Date(now.getTime() + hours[0] * HOUR_MS),
    notAfter: new Date(now.getTime() + hours[1] * HOUR_MS),
    extensions: [...extensions],
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { ...signer.privateKey.algorithm, hash: hash ?? 'SHA-256' } as typeof EC,
  })
  return { certificate: new X509Certificate(Buffer.from(certificate.rawData)), name, keys }
}

const authority = (pathLength?: number): x509.Extension => new x509.BasicConstraintsExtension(true, pathLength, true)
const purposes = (...list: x509.ExtendedKeyUsage[]): x509.Extension => new x509.ExtendedKeyUsageExtension(list)
const names = new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'c.test' }])
const usage = (flags: x509.KeyUsageFlags): x509.Extension => new x509.KeyUsagesExtension(flags, true)
const SERVER = [purposes(serverAuth), names]

const root = await make({ name: 'Root', extensions: [authority()] })
const middle = await make({ name: 'Middle', by: root, extensions: [authority()] })
const lower = await make({ name: 'Lower', by: middle, extensions: [authority()] })

const verify = (leaf: Made, more: Partial<ServerChain> = {}): boolean =>
  verifiesAsServer({
    leaf: leaf.certificate,
    intermediates: [],
    anchors: [root.certificate],
    depth: 3,
    now,
    ...more,
  })
const leafOf = (extensions: readonly x509.Extension[], by = root): Promise<Made> => make({ name: 'c', by, extensions })
const below = async (intermediate: Made, more: Partial<ServerChain> = {}): Promise<boolean> =>
  verify(await leafOf(SERVER, intermediate), { intermediates: [intermediate.certificate], ...more })

test('a certificate for servers of a trusted authority verifies, directly and through intermediates', async () => {
  assert.equal(verify(await leafOf(SERVER)), true)
  assert.equal(verify(await leafOf([...SERVER, usage(x509.KeyUsageFlags.digitalSignature)])), true)
  assert.equal(await below(middle), true)
  const intermediates = [lower.certificate, middle.certificate]
  assert.equal(verify(await leafOf(SERVER, lower), { intermediates }), true)
  const rsaLeaf = await make({ name: 'c', by: root, extensions: SERVER, algorithm: rsa(2_048) })
  assert.equal(verify(rsaLeaf), true)
})

test('a leaf that is not exactly for servers does not', async () => {
  assert.equal(verify(await leafOf([names])), false, 'no purpose named')
  assert.equal(verify(await leafOf([purposes(codeSigning), names])), false, 'another purpose')
  assert.equal(verify(await leafOf([purposes(serverAuth, clientAuth), names])), false, 'for clients too')
  assert.equal(verify(await leafOf([purposes(serverAuth)])), false, 'no DNS name')
  assert.equal(verify(await leafOf([...SERVER, authority()])), false, 'an authority itself')
  assert.equal(verify(await leafOf([...SERVER, usage(x509.KeyUsageFlags.keyAgreement)])), false, 'must not sign')
})

test('what is not understood is refused', async () => {
  const unknown = (isCritical: boolean) => new x509.Extension('1.3.6.1.4.1.99999.1', isCritical, new Uint8Array([5, 0]))
  assert.equal(verify(await leafOf([...SERVER, unknown(true)])), false)
  assert.equal(verify(await leafOf([...SERVER, unknown(false)])), true)
  const constrained = new x509.Extension('2.5.29.30', false, new Uint8Array([0x30, 0]))
  assert.equal(await below(await make({ name: 'M', by: root, extensions: [authority(), constrained] })), false)
})

test('only an authority can issue', async () => {
  const asLeaf = await leafOf(SERVER)
  assert.equal(await below(asLeaf), false, 'a leaf as authority')
  const mustNotSign = await make({
    name: 'M',
    by: root,
    extensions: [authority(), usage(x509.KeyUsageFlags.digitalSignature)],
  })
  assert.equal(await below(mustNotSign), false, 'an authority that must not sign certificates')
  const forClients = await make({ name: 'M', by: root, extensions: [authority(), purposes(clientAuth)] })
  assert.equal(await below(forClients), false, 'an authority for clients')
  const forServers = await make({ name: 'M', by: root, extensions: [authority(), purposes(serverAuth)] })
  assert.equal(await below(forServers), true, 'an authority for servers')
})

test('length, order and dates of the chain count', async () => {
  const intermediates = [lower.certificate, middle.certificate]
  const leaf = await leafOf(SERVER, lower)
  assert.equal(verify(leaf, { intermediates, depth: 2 }), false, 'too long')
  assert.equal(verify(leaf, { intermediates: intermediates.toReversed() }), false, 'out of order')
  assert.equal(verify(leaf, { intermediates: [lower.certificate] }), false, 'incomplete')
  const short = await make({ name: 'Short', extensions: [authority(0)] })
  const child = await make({ name: 'Child', by: short, extensions: [authority()] })
  assert.equal(await below(child, { anchors: [short.certificate] }), false, 'longer than the authority allows')
  const expired = await make({ name: 'M', by: root, extensions: [authority()], hours: [-2, -1] })
  assert.equal(await below(expired), false, 'an expired intermediate')
  const old = await make({ name: 'Old', extensions: [authority()], hours: [-2, -1] })
  assert.equal(verify(await leafOf(SERVER, old), { anchors: [old.certificate] }), false, 'an expired authority')
})

test('only what is configured, and signed itself, is an anchor', async () => {
  assert.equal(verify(await leafOf(SERVER), { anchors: [] }), false)
  assert.equal(await below(middle, { intermediates: [], anchors: [middle.certificate] }), false)
  const impostor = await make({ name: 'Root', extensions: [authority()] })
  const leaf = await leafOf(SERVER, impostor)
  assert.equal(verify(leaf), false)
  assert.equal(verify(leaf, { intermediates: [impostor.certificate] }), false)
  assert.equal(verify(leaf, { intermediates: [impostor.certificate, root.certificate] }), false)
})

test('weak keys and weak signatures are refused', async () => {
  const weakKey = await make({ name: 'c', by: root, extensions: SERVER, algorithm: rsa(1_024) })
  assert.equal(verify(weakKey), false, 'a short key')
  const rsaRoot = await make({ name: 'RSA', extensions: [authority()], algorithm: rsa(2_048, 'SHA-1') })
  const sha1 = await make({ name: 'c', by: rsaRoot, extensions: SERVER, hash: 'SHA-1' })
  assert.equal(sha1.certificate.verify(rsaRoot.certificate.publicKey), true)
  assert.equal(verify(sha1, { anchors: [rsaRoot.certificate] }), false, 'a SHA-1 signature')
})
