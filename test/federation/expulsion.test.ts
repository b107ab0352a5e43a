import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import type { KnownRemotes } from '#src/federation/policy.ts'
import { callPeer } from './calling.ts'
import { startFakePeer, until } from './fake-peer.ts'
import { startNet } from './net.ts'

const listed = (...domains: string[]): KnownRemotes => ({
  strategy: 'allowDynamic',
  remotes: domains.map((domain) => ({ domain: Domain.parse(domain) })),
})

test('a domain that is taken off the list loses its session though nobody calls it, others keep theirs', async () => {
  await using net = await startNet()
  await using gone = await startFakePeer(net, { domain: 'gone.test' })
  await using kept = await startFakePeer(net, { domain: 'kept.test' })
  const own = await net.start({ domain: 'own.test', remotes: listed('gone.test', 'kept.test') })
  assert.equal((await callPeer(own, 'gone.test')).status, 200)
  assert.equal((await callPeer(own, 'kept.test')).status, 200)

  own.remotes = listed('kept.test')
  await until(() => gone.connections[0]?.destroyed === true, 'the session with the unlisted domain ends')
  assert.equal((await callPeer(own, 'kept.test')).status, 200)
  assert.equal(kept.connections.length, 1)

  own.remotes = listed('gone.test', 'kept.test')
  assert.equal((await callPeer(own, 'gone.test')).status, 200)
  assert.equal(gone.connections.length, 2)
})

test('a call that is refused ends the session at once', async () => {
  await using net = await startNet()
  await using gone = await startFakePeer(net, { domain: 'gone.test' })
  const own = await net.start({ domain: 'own.test', remotes: listed('gone.test') })
  await callPeer(own, 'gone.test')
  own.remotes = listed()
  assert.equal((await callPeer(own, 'gone.test')).json?.label, 'federation-denied')
  await until(() => gone.connections[0]?.destroyed === true, 'the session ends')
})

test('an answer that streams on is cut off when its domain is taken off the list', async () => {
  await using net = await startNet()
  await using gone = await startFakePeer(net, {
    domain: 'gone.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' })
      stream.write('the beginning')
    },
  })
  const own = await net.start({ domain: 'own.test', remotes: listed('gone.test') })
  const response = await own.federator.outward.transport.send({
    domain: Domain.parse('gone.test'),
    component: 'cargohold',
    rpc: 'stream-asset',
    headers: { 'wire-origin-domain': 'own.test' },
    body: Buffer.from('{}'),
  })
  own.remotes = listed()
  await assert.rejects(async () => {
    for await (const _chunk of response.body);
  })
  await until(() => gone.connections[0]?.destroyed === true, 'the session ends')
})
