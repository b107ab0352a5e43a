import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority } from '#src/world/authority.ts'
import { writeCredential } from '#src/world/credential-files.ts'
import { findExecutable } from '#src/world/executables.ts'
import { replaceFile } from '#src/world/replace-file.ts'
import { freePort, startService, temporaryDirectory } from '#test/services/service.ts'
import { callPeer } from './calling.ts'
import { startNet } from './net.ts'

const openssl = await findExecutable('openssl')
const skip = openssl === undefined && 'openssl is not installed (Debian: apt-get install openssl)'

// Played by OpenSSL: a server of Node hangs up without the alert that is the point here. With TLS 1.3 the alert comes
// when the handshake is over for the client (RFC 8446 §4.4.2.4), with TLS 1.2 before.
for (const version of ['tls1_2', 'tls1_3']) {
  test(`a peer that refuses our certificate by an alert of ${version} is a failure of TLS`, { skip }, async () => {
    await using net = await startNet()
    await using directory = await temporaryDirectory('refusal')
    const own = await net.start({ domain: 'own.test' })
    const stranger = await createAuthority('somebody else', systemClock)
    const trusted = join(directory.path, 'trusted.pem')
    await replaceFile(trusted, stranger.certificatePem, 0o644)
    const files = await writeCredential(
      directory.path,
      'peer',
      await net.authority.issue({ dnsNames: ['federator.picky.test'] }),
    )
    const port = await freePort()
    await using _peer = await startService({
      name: 'peer',
      directory: directory.path,
      command: openssl ?? '',
      args: [
        's_server',
        `-${version}`,
        '-accept',
        `127.0.0.1:${port}`,
        '-alpn',
        'h2',
        '-cert',
        files.certificateFile,
        '-key',
        files.keyFile,
        '-CAfile',
        trusted,
        '-Verify',
        '1',
        '-verify_return_error',
      ],
      isReady: (log) => log.includes('ACCEPT'),
    })
    await using distance = await startDistance(port)
    net.publish('picky.test', [{ host: 'federator.picky.test', port: distance.port }])
    assert.equal((await callPeer(own, 'picky.test')).status, 525)
  })
}

/** As if the peer were far away: what it says arrives later, so that its alert does not come along with its handshake. */
const startDistance = async (port: number): Promise<AsyncDisposable & { readonly port: number }> => {
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (chunk) => systemClock.after(50, () => near.write(chunk)))
    far.on('close', () => systemClock.after(100, () => near.end()))
    near.on('close', () => far.destroy())
    for (const socket of [near, far]) socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      relay.close()
    },
  }
}
