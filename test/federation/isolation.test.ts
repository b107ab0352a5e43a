/** What one peer does must not be felt by those who talk to another (hardening.md §4, I5). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { eventually } from '#src/storage/testing.ts'
import { callPeer } from './calling.ts'
import { type PeerStream, startFakePeer, until } from './fake-peer.ts'
import { type Net, startNet, type TestBackend } from './net.ts'

const PEER_REQUESTS_MAX = 20
let net: Net
let own: TestBackend
before(async () => {
  net = await startNet()
  own = await net.start({ domain: 'own.test', headersTimeoutMs: 60_000, peerRequestsMax: PEER_REQUESTS_MAX })
})
after(() => net[Symbol.asyncDispose]())

const hang = (): void => {}
const reset = ({ stream }: PeerStream): void => stream.close(2)
const breakOff = ({ session }: PeerStream): void => session.destroy()
const drip = ({ stream }: PeerStream): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' })
  const next = (): void => {
    if (stream.destroyed) return
    stream.write(' ')
    systemClock.after(1_000, next)
  }
  next()
}

/** So many calls at once, none of them finished when this returns. */
const callWithoutEnd = (domain: string, signal: AbortSignal) => {
  const calls = Array.from({ length: PEER_REQUESTS_MAX }, () => callPeer(own, domain, { signal }))
  let ended = 0
  const settled = Promise.allSettled(calls.map((call) => call.finally(() => (ended += 1))))
  return { settled, ended: () => ended }
}

const callAllAtOnce = async (domain: string): Promise<readonly number[]> => {
  const calls = Array.from({ length: PEER_REQUESTS_MAX }, () => callPeer(own, domain))
  return (await Promise.all(calls)).map(({ status }) => status)
}

const all = (status: number) => Array.from({ length: PEER_REQUESTS_MAX }, () => status)

test('peers that hang, drip, reset and break off do not keep a healthy one from being reached', async () => {
  await using hanging = await startFakePeer(net, { domain: 'hanging.test', serve: hang })
  await using dripping = await startFakePeer(net, { domain: 'dripping.test', serve: drip })
  await using _resetting = await startFakePeer(net, { domain: 'resetting.test', serve: reset })
  await using _breaking = await startFakePeer(net, { domain: 'breaking.test', serve: breakOff })
  await using _healthy = await startFakePeer(net, { domain: 'healthy.test' })
  const controller = new AbortController()
  const [hung, dripped] = [
    callWithoutEnd('hanging.test', controller.signal),
    callWithoutEnd('dripping.test', controller.signal),
  ]
  await until(() => hanging.streams.length === PEER_REQUESTS_MAX, 'everybody who can hang does')
  await until(() => dripping.streams.length === PEER_REQUESTS_MAX, 'everybody who can wait for drops does')

  const [, , first] = await Promise.all(['resetting.test', 'breaking.test', 'healthy.test'].map(callAllAtOnce))
  const [, , second] = await Promise.all(['resetting.test', 'breaking.test', 'healthy.test'].map(callAllAtOnce))

  assert.deepEqual([first, second], [all(200), all(200)])
  assert.deepEqual([hung.ended(), dripped.ended()], [0, 0])
  controller.abort(new Error('the test is over'))
  await Promise.all([hung.settled, dripped.settled])
})

test('a peer has only so many requests, and when they end there is room again', async () => {
  let isHanging = true
  await using peer = await startFakePeer(net, {
    domain: 'full.test',
    serve: ({ stream }) => {
      if (isHanging) return
      stream.respond({ ':status': 200 })
      stream.end('{}')
    },
  })
  const controller = new AbortController()
  const calls = callWithoutEnd('full.test', controller.signal)
  await until(() => peer.streams.length === PEER_REQUESTS_MAX, 'all are under way')

  const { status, json } = await callPeer(own, 'full.test')
  assert.deepEqual([status, json?.label], [521, 'federation-connection-refused'])
  assert.equal(peer.streams.length, PEER_REQUESTS_MAX)

  controller.abort(new Error('no longer wanted'))
  await calls.settled
  isHanging = false
  assert.deepEqual(await callAllAtOnce('full.test'), all(200))
})

test('a peer that fails again and again is given a rest, until it is heard of', async () => {
  const refused = await startFakePeer(net, { domain: 'down.test', serve: breakOff })
  const rests = async () => /given a rest/.test((await callPeer(own, 'down.test')).text)
  await eventually(rests, 'the peer is given a rest')
  const arrived = refused.streams.length
  assert.equal(await rests(), true)
  assert.equal(refused.streams.length, arrived)
  await refused[Symbol.asyncDispose]()

  const down = await net.start({ domain: 'down.test' })
  assert.equal((await callPeer(down, 'own.test')).status, 200)
  assert.equal((await callPeer(own, 'down.test')).status, 200)
})

test('a peer that asks to be left alone is, and others are not', async () => {
  await using peer = await startFakePeer(net, {
    domain: 'busy.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 429, 'retry-after': '30' })
      stream.end('slowly, please')
    },
  })
  await using _other = await startFakePeer(net, { domain: 'free.test' })
  const first = await callPeer(own, 'busy.test')
  assert.deepEqual([first.status, first.json?.inner?.code, first.json?.inner?.message], [533, 429, 'slowly, please'])
  const second = await callPeer(own, 'busy.test')
  assert.deepEqual([second.status, second.json?.label, second.json?.inner?.code], [533, 'federation-remote-error', 429])
  assert.equal(peer.streams.length, 1)
  assert.equal((await callPeer(own, 'free.test')).status, 200)
})
