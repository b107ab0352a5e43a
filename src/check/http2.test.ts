import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority } from '#src/world/authority.ts'
import { checkHttp2 } from './http2.ts'

const HOST = 'f.beta.test'
const PATIENCE_MS = 60_000

/** The two ends of a connection on which the server says nothing after the handshake. */
const silentlyConnected = async (closing: DisposableStack) => {
  const authority = await createAuthority('Authority', systemClock)
  const { chainPem: cert, keyPem: key } = await authority.issue({ dnsNames: [HOST] })
  const server = createServer({ cert, key, ALPNProtocols: ['h2'] }).listen(0, '127.0.0.1')
  closing.defer(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const accepted = once(server, 'secureConnection')
  const socket = connect({ port: address.port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
  socket.on('error', () => {})
  closing.defer(() => socket.destroy())
  await once(socket, 'secureConnect')
  const [other] = (await accepted) as [{ destroy(): void; on(event: 'error', listener: () => void): void }]
  other.on('error', () => {})
  closing.defer(() => other.destroy())
  return { socket, other }
}

test('an alert that comes after the handshake is the cause, and nobody waits for more', async () => {
  using closing = new DisposableStack()
  const { socket } = await silentlyConnected(closing)
  const checked = checkHttp2(socket, { host: HOST, timeoutMs: PATIENCE_MS }, closing)
  // As the platform reports it: on the socket, and not to the session that uses it.
  socket.emit('error', Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }))
  const { finding, value } = await checked
  assert.match(finding.fact, /refuses our client certificate/)
  assert.equal(value, undefined)
})

test('a connection that has been closed already is not waited for', async () => {
  using closing = new DisposableStack()
  const { socket, other } = await silentlyConnected(closing)
  other.destroy()
  socket.resume()
  await once(socket, 'close')
  const { finding } = await checkHttp2(socket, { host: HOST, timeoutMs: PATIENCE_MS }, closing)
  assert.match(finding.fact, /the other end hung up/)
})
