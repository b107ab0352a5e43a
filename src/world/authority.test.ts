import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { createAuthority, type Credential, restoreAuthority, selfSigned } from './authority.ts'
import { writeCredential } from './credential-files.ts'

const clock = { now: () => new Date() }

test('a certificate of the authority is accepted by node and names its host', async () => {
  const authority = await createAuthority('Test CA', clock)
  const leaf = new X509Certificate((await authority.issue({ dnsNames: ['federator.a.test'] })).certificatePem)

  assert.ok(leaf.verify(new X509Certificate(authority.certificatePem).publicKey))
  assert.equal(leaf.checkHost('federator.a.test', { subject: 'never' }), 'federator.a.test')
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.equal(leaf.ca, false)
})

test('a mutual handshake succeeds with certificates of one authority', async () => {
  const authority = await createAuthority('Test CA', clock)
  const server = await authority.issue({ dnsNames: ['localhost'] })
  const client = await authority.issue({ dnsNames: ['federator.b.test'] })

  assert.equal(await handshake({ trusted: authority, server, client }), 'authorized')
})

test('an authority of the same name with another key is not trusted', async () => {
  const authority = await createAuthority('Test CA', clock)
  const impostor = await createAuthority('Test CA', clock)
  const server = await authority.issue({ dnsNames: ['localhost'] })
  const client = await impostor.issue({ dnsNames: ['federator.b.test'] })

  assert.notEqual(await handshake({ trusted: authority, server, client }), 'authorized')
})

test('an expired certificate and a self-signed one are not trusted', async () => {
  const authority = await createAuthority('Test CA', clock)
  const server = await authority.issue({ dnsNames: ['localhost'] })
  const expired = await authority.issue({
    dnsNames: ['b.test'],
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2020-01-02'),
  })
  const own = await selfSigned({ dnsNames: ['b.test'] }, clock)

  assert.equal(await handshake({ trusted: authority, server, client: expired }), 'CERT_HAS_EXPIRED')
  assert.equal(await handshake({ trusted: authority, server, client: own }), 'DEPTH_ZERO_SELF_SIGNED_CERT')
})

test('a certificate without the purpose of a client is refused as a client', async () => {
  const authority = await createAuthority('Test CA', clock)
  const server = await authority.issue({ dnsNames: ['localhost'] })
  const client = await authority.issue({ dnsNames: ['b.test'], purposes: ['serverAuth'] })

  assert.equal(await handshake({ trusted: authority, server, client }), 'INVALID_PURPOSE')
})

test('a leaf below two intermediates brings them along and is trusted', async () => {
  const root = await createAuthority('Root', clock)
  const lower = await (await root.intermediate('Upper')).intermediate('Lower')
  const server = await root.issue({ dnsNames: ['localhost'] })
  const client = await lower.issue({ dnsNames: ['b.test'] })

  assert.equal(client.chainPem.match(/BEGIN CERTIFICATE/g)?.length, 3)
  assert.equal(await handshake({ trusted: root, server, client }), 'authorized')
})

test('names other than DNS names and a bare common name can be certified', async () => {
  const authority = await createAuthority('Test CA', clock)
  const named = await authority.issue({
    commonName: 'federator.a.test',
    otherNames: [{ type: 'url', value: 'https://federator.a.test' }],
  })
  const bare = await authority.issue({ commonName: 'federator.a.test' })

  assert.equal(new X509Certificate(named.certificatePem).subjectAltName, 'URI:https://federator.a.test')
  assert.equal(new X509Certificate(bare.certificatePem).subjectAltName, undefined)
  assert.equal(new X509Certificate(bare.certificatePem).subject, 'CN=federator.a.test')
})

test('an authority read back from its files issues certificates its first self would have issued', async () => {
  const authority = await createAuthority('Test CA', clock)
  const restored = await restoreAuthority({ certificate: authority.certificatePem, key: authority.keyPem }, clock)
  const leaf = await restored.issue({ dnsNames: ['b.test'], keyType: 'rsa' })
  const server = await authority.issue({ dnsNames: ['localhost'] })

  assert.equal(await handshake({ trusted: authority, server, client: leaf }), 'authorized')
})

test('a written key is readable by its owner only', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'comity-authority-'))
  t.after(() => rm(directory, { recursive: true }))
  const authority = await createAuthority('Test CA', clock)
  const files = await writeCredential(directory, 'a.test', await authority.issue({ dnsNames: ['a.test'] }))

  assert.equal((await stat(files.keyFile)).mode & 0o777, 0o600)
})

async function handshake(of: { trusted: Credential; server: Credential; client: Credential }): Promise<string> {
  const ca = of.trusted.certificatePem
  const server = createServer({
    ca,
    cert: of.server.chainPem,
    key: of.server.keyPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const verdict = once(server, 'secureConnection').then(([socket]: TLSSocket[]) => {
    const outcome = socket?.authorized ? 'authorized' : String(socket?.authorizationError)
    socket?.destroy()
    return outcome
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const client = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca,
    cert: of.client.chainPem,
    key: of.client.keyPem,
  })
  client.on('error', () => undefined)
  await once(client, 'secureConnect')
  const outcome = await verdict
  client.destroy()
  server.close()
  return outcome
}
