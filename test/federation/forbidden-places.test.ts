/** Names of strangers that point to where we must not go (hardening.md §2: SSRF through SRV, DNS rebinding). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { callPeer } from './calling.ts'
import { startFakePeer } from './fake-peer.ts'
import { type Net, startNet } from './net.ts'

let net: Net
before(async () => {
  net = await startNet()
})
after(() => net[Symbol.asyncDispose]())

const pointTo = (host: string, ...addresses: readonly string[]): void =>
  net.dns.setZone({
    origin: host,
    negativeTtl: 0,
    records: addresses.map((address) => ({
      type: address.includes(':') ? 'AAAA' : 'A',
      name: host,
      address,
      ttl: 0,
    })),
  })

test('a peer that points to our own network is not connected to, and the answer says why', async () => {
  const own = await net.start({ domain: 'careful.test', allowedAddresses: ['public'] })
  await using peer = await startFakePeer(net, { domain: 'inside.test' })
  // More of them than failures that earn a peer a rest: the reason stays the same.
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '64:ff9b::7f00:1', '127.0.0.2', '::']) {
    pointTo('federator.inside.test', address)
    const { status, json } = await callPeer(own, 'inside.test')
    assert.deepEqual([address, status, json?.label], [address, 521, 'federation-connection-refused'])
    assert.match(JSON.stringify(json), /lies where we must not look for it/)
    assert.doesNotMatch(JSON.stringify(json), /127|::|7f00/)
  }
  assert.equal(peer.connections.length, 0)
})

test('of several addresses only the allowed ones are tried', async () => {
  const own = await net.start({ domain: 'choosy.test', allowedAddresses: ['127.0.0.1/32'] })
  await using peer = await startFakePeer(net, { domain: 'mixed.test' })
  pointTo('federator.mixed.test', '::ffff:127.0.0.1', '127.0.0.1')
  assert.equal((await callPeer(own, 'mixed.test')).headers['wire-remote-ip'], '127.0.0.1')
  assert.equal(peer.connections.length, 1)
})

test('a name that moves inside between two connections is not followed', async () => {
  const own = await net.start({ domain: 'steady.test', allowedAddresses: ['127.0.0.1/32'] })
  await using peer = await startFakePeer(net, { domain: 'moving.test' })
  pointTo('federator.moving.test', '127.0.0.1')
  assert.equal((await callPeer(own, 'moving.test')).status, 200)
  pointTo('federator.moving.test', '::ffff:127.0.0.1')
  const [connection] = peer.connections
  assert.ok(connection)
  peer.streams[0]?.session.close()
  if (!connection.destroyed) await once(connection, 'close')
  assert.equal((await callPeer(own, 'moving.test')).status, 521)
  assert.equal(peer.connections.length, 1)
})
