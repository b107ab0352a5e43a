import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { type CertificateRequest, createAuthority } from '#src/world/authority.ts'
import { certificateNames, createIdentities } from './identity.ts'

const authority = await createAuthority('Test Authority', systemClock)
const issue = async (request: CertificateRequest) => (await authority.issue(request)).certificatePem
const certificate = async (request: CertificateRequest) => new X509Certificate(await issue(request))

const HOST = 'f.wire.example.org'

test('a DNS name is matched label by label, in any letters', async () => {
  const named = await certificate({ dnsNames: ['other.test', 'F.Wire.Example.ORG'] })
  assert.equal(certificateNames(named, HOST), true)
  assert.equal(certificateNames(named, `${HOST}.`), true)
  assert.equal(certificateNames(named, 'wire.example.org'), false)
  assert.equal(certificateNames(named, '.wire.example.org'), false)
  assert.equal(certificateNames(named, ''), false)
})

test('a common name is never a host name', async () => {
  assert.equal(certificateNames(await certificate({ commonName: HOST }), HOST), false)
  assert.equal(certificateNames(await certificate({ commonName: HOST, dnsNames: ['other.test'] }), HOST), false)
})

test('other types of names never equal a host', async () => {
  const named = await certificate({
    otherNames: [
      { type: 'url', value: `https://${HOST}` },
      { type: 'email', value: `postmaster@${HOST}` },
      { type: 'ip', value: '127.0.0.1' },
    ],
  })
  assert.equal(certificateNames(named, HOST), false)
  assert.equal(certificateNames(named, '127.0.0.1'), false)
})

test('a wildcard is the whole left-most label and stands for exactly one', async () => {
  const wildcard = await certificate({ dnsNames: ['*.wire.example.org'] })
  assert.equal(certificateNames(wildcard, HOST), true)
  assert.equal(certificateNames(wildcard, 'a.f.wire.example.org'), false)
  assert.equal(certificateNames(wildcard, 'wire.example.org'), false)
  assert.equal(certificateNames(await certificate({ dnsNames: ['f*.wire.example.org'] }), HOST), false)
  assert.equal(certificateNames(await certificate({ dnsNames: ['f.*.example.org'] }), HOST), false)
  assert.equal(certificateNames(await certificate({ dnsNames: ['*'] }), 'localhost'), false)
})

test('the dot at the end is taken from the target and not from the certificate', async () => {
  assert.equal(certificateNames(await certificate({ dnsNames: ['localhost'] }), 'localhost.'), true)
  assert.equal(certificateNames(await certificate({ dnsNames: ['localhost.'] }), 'localhost.'), false)
})

// CVE-2021-44532: a quoted comma in a name of another type once looked like a further DNS name when printed.
test('a name that prints like another one is not that one', async () => {
  const url = { type: 'url' as const, value: `http://mallory.test/", DNS:${HOST}, DNS:"` }
  const named = await certificate({ dnsNames: ['mallory.test'], otherNames: [url] })
  assert.equal(certificateNames(named, HOST), false)
})

test('the certificate of an ingress is read from its percent-encoded form, once', async () => {
  const identities = createIdentities(systemClock)
  const pem = await issue({ dnsNames: [HOST] })
  const first = identities.fromHeader(encodeURIComponent(pem))
  assert.equal(first?.matches(HOST), true)
  assert.equal(identities.fromHeader(encodeURIComponent(pem)), first)
  assert.equal(identities.fromCertificate(new X509Certificate(pem)), first)
  assert.equal(identities.fromHeader(first?.header ?? ''), first)
})

test('nothing but exactly one certificate is accepted in the header', async () => {
  const identities = createIdentities(systemClock)
  const pem = await issue({ dnsNames: [HOST] })
  const { keyPem } = await authority.issue({ dnsNames: [HOST] })
  const refused = {
    empty: '',
    text: 'not a certificate',
    'two certificates': encodeURIComponent(pem + pem),
    'two headers joined': `${encodeURIComponent(pem)}, ${encodeURIComponent(pem)}`,
    'something before it': encodeURIComponent(`x${pem}`),
    'something after it': encodeURIComponent(`${pem}x`),
    'a key': encodeURIComponent(keyPem),
    'a broken escape': '%E0%A4%A',
    'an empty block': encodeURIComponent('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
    'base64 of nothing in particular': encodeURIComponent(
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ),
    'too much': encodeURIComponent(pem + ' '.repeat(40_000)),
  }
  for (const [what, text] of Object.entries(refused)) assert.equal(identities.fromHeader(text), undefined, what)
})

test('a plus sign that the ingress did not encode is a space, and spoils the certificate', async () => {
  const identities = createIdentities(systemClock)
  const pems = await Promise.all(Array.from({ length: 5 }, () => issue({ dnsNames: [HOST] })))
  const withPlus = pems.find((pem) => pem.includes('+'))
  assert.ok(withPlus)
  const unencoded = encodeURIComponent(withPlus).replaceAll('%2B', '+')
  assert.equal(identities.fromHeader(unencoded), undefined)
})
