import 'reflect-metadata'
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import { identityOf } from './identity.ts'
import { BASIC, X509 } from './key-package.ts'

const NOBODY = new Uint8Array(32)
const USER = '647a4b64-b64c-44e7-8c5a-9e2c2652f65c'
/** The same in 22 characters, and the form that certificates give to a device of this user. */
const NAME = 'wireapp://ZHpLZLZMROeMWp4sJlL2XA!dee090f1ed94e4c8@wire.com'
const IDENTITY = { user: USER, client: 'dee090f1ed94e4c8', domain: 'wire.com' }

const basic = (text: string) => identityOf({ type: BASIC, identity: Buffer.from(text) }, NOBODY)

test('a basic credential names user, device and domain', () => {
  assert.deepEqual(basic(`${USER}:dee090f1ed94e4c8@wire.com`), IDENTITY)
  assert.deepEqual(basic(`${USER.toUpperCase()}:00ab@Wire.COM`), { user: USER, client: 'ab', domain: 'wire.com' })
})

for (const text of [
  '',
  USER,
  `${USER}:dee090f1ed94e4c8`,
  `${USER}@wire.com`,
  `${USER}:@wire.com`,
  `${USER}:xyz@wire.com`,
  `${USER}:ab@nowhere`,
  `${USER}:ab@wire.com\n`,
  `x:ab@wire.com`,
]) {
  test(`a basic credential names nobody: ${JSON.stringify(text)}`, () => assert.equal(basic(text), undefined))
}

const certificateWith = async (names: readonly string[]) => {
  const keys = (await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=alice',
    keys,
    signingAlgorithm: 'Ed25519',
    extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'url', value })))],
  })
  const key = new Uint8Array(await webcrypto.subtle.exportKey('raw', keys.publicKey))
  return { certificates: [new Uint8Array(certificate.rawData)], key }
}

test('a certificate names them in its first alternative name that is an identity', async () => {
  const { certificates, key } = await certificateWith(['wireapp://%40alice@wire.com', NAME])
  assert.deepEqual(identityOf({ type: X509, certificates }, key), IDENTITY)
})

test('a certificate of another key, and one that names nobody, are nobody’s', async () => {
  const { certificates, key } = await certificateWith([NAME])
  assert.equal(identityOf({ type: X509, certificates }, NOBODY), undefined)
  assert.equal(identityOf({ type: X509, certificates: [] }, key), undefined)
  const other = await certificateWith(['https://wire.com/"a, URI:' + NAME + ', b"'])
  assert.equal(identityOf({ type: X509, certificates: other.certificates }, other.key), undefined)
})
