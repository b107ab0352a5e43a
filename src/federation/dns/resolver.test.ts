import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import * as packet from 'dns-packet'
import { testClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import { type DnsServerOptions, startDnsServer, type Treatment } from '#src/world/dns-server.ts'
import type { ZoneRecord } from '#src/world/dns-zone.ts'
import { createResolver } from './resolver.ts'

const NAME = 'host.example.test'
const A = { name: NAME, type: 'A' } as const
const host = (address: string, ttl = 60, name = NAME): ZoneRecord => ({ type: 'A', name, address, ttl })
const zone = (records: readonly ZoneRecord[], negativeTtl = 60) => ({ origin: 'example.test', records, negativeTtl })

const start = async (options: DnsServerOptions, timeoutMs = 2_000) => {
  const server = await startDnsServer(options)
  const clock = testClock()
  const resolver = createResolver({ servers: [server], timeoutMs, lookupTimeoutMs: 8_000, clock, random: systemRandom })
  const addresses = async (name = NAME): Promise<unknown> => {
    const answer = await resolver.lookup({ name, type: 'A' })
    return answer.outcome === 'records' ? answer.records.map(({ data }) => data) : answer.outcome
  }
  return { server, clock, resolver, addresses, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('an answer is remembered until its time to live is over', async () => {
  await using dns = await start({ zones: [zone([host('192.0.2.1', 60)])] })
  assert.deepEqual(await dns.addresses(), ['192.0.2.1'])
  dns.server.setZone(zone([host('192.0.2.2')]))
  await dns.clock.advance(59_000)
  assert.deepEqual(await dns.addresses(NAME.toUpperCase()), ['192.0.2.1'])
  await dns.clock.advance(1_000)
  assert.deepEqual(await dns.addresses(), ['192.0.2.2'])
  assert.equal(dns.server.questions.length, 2)
})

test('no answer is remembered for more than five minutes', async () => {
  await using dns = await start({ zones: [zone([host('192.0.2.1', 86_400)])] })
  await dns.addresses()
  await dns.clock.advance(299_000)
  await dns.addresses()
  assert.equal(dns.server.questions.length, 1)
  await dns.clock.advance(1_000)
  await dns.addresses()
  assert.equal(dns.server.questions.length, 2)
})

test('an answer with a time to live of zero is not remembered', async () => {
  await using dns = await start({ zones: [zone([host('192.0.2.1', 0)])] })
  await dns.addresses()
  await dns.addresses()
  assert.equal(dns.server.questions.length, 2)
})

test('that a name does not exist is remembered as long as the zone says', async () => {
  await using dns = await start({ zones: [zone([], 30)] })
  assert.equal(await dns.addresses(), 'absent')
  dns.server.setZone(zone([host('192.0.2.1')]))
  await dns.clock.advance(29_000)
  assert.equal(await dns.addresses(), 'absent')
  await dns.clock.advance(1_000)
  assert.deepEqual(await dns.addresses(), ['192.0.2.1'])
})

test('a failure is not remembered', async () => {
  let treatment: Treatment = 'servfail'
  await using dns = await start({ zones: [zone([host('192.0.2.1')])], treat: () => treatment })
  assert.equal(await dns.addresses(), 'failure')
  treatment = 'answer'
  assert.deepEqual(await dns.addresses(), ['192.0.2.1'])
})

test('however many need a name, it is asked for once', async () => {
  await using dns = await start({ zones: [zone([host('192.0.2.1', 0)])] })
  const answers = await Promise.all(Array.from({ length: 50 }, () => dns.addresses()))
  assert.ok(answers.every((answer) => Array.isArray(answer)))
  assert.equal(dns.server.questions.length, 1)
})

test('what does not fit into a datagram comes over TCP', async () => {
  const many = Array.from({ length: 60 }, (_, index) => host(`192.0.2.${index}`))
  await using dns = await start({ zones: [zone(many)] })
  const addresses = await dns.addresses()
  assert.equal(Array.isArray(addresses) && addresses.length, 60)
  assert.deepEqual(
    dns.server.questions.map(({ over }) => over),
    ['udp', 'tcp'],
  )
})

test('an alias is followed with further questions, and one that leads nowhere is absent', async () => {
  const alias: ZoneRecord = { type: 'CNAME', name: NAME, target: 'real.example.test', ttl: 60 }
  await using dns = await start({ zones: [zone([alias, host('192.0.2.9', 10, 'real.example.test')])] })
  assert.deepEqual(await dns.addresses(), ['192.0.2.9'])
  await dns.clock.advance(10_000)
  dns.server.setZone(zone([alias]))
  assert.equal(await dns.addresses(), 'absent')
})

test('aliases in a circle end in a failure', async () => {
  const circle: ZoneRecord[] = [
    { type: 'CNAME', name: NAME, target: 'b.example.test' },
    { type: 'CNAME', name: 'b.example.test', target: NAME },
  ]
  await using dns = await start({ zones: [zone(circle)] })
  assert.equal(await dns.addresses(), 'failure')
})

test('a silent resolver is asked again, and then the next one', async () => {
  await using silent = await startDnsServer({ treat: () => 'silence' })
  await using other = await startDnsServer({ zones: [zone([host('192.0.2.1')])] })
  const resolver = createResolver({
    servers: [silent, other],
    timeoutMs: 50,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  assert.equal((await resolver.lookup(A)).outcome, 'records')
  const alone = createResolver({
    servers: [silent],
    timeoutMs: 50,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  assert.equal((await alone.lookup(A)).outcome, 'failure')
  assert.equal(silent.questions.length, 3)
})

test('a resolver that fails is not asked twice, the next one is', async () => {
  await using failing = await startDnsServer({ treat: () => 'servfail' })
  await using other = await startDnsServer({ zones: [zone([host('192.0.2.1')])] })
  const resolver = createResolver({
    servers: [failing, other],
    timeoutMs: 500,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  assert.equal((await resolver.lookup(A)).outcome, 'records')
  assert.equal(failing.questions.length, 1)
})

test('a port where nobody listens is a failure at once', async () => {
  const gone = await startDnsServer()
  const { port } = gone
  await gone[Symbol.asyncDispose]()
  const resolver = createResolver({
    servers: [{ host: '127.0.0.1', port }],
    timeoutMs: 5_000,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  assert.equal((await resolver.lookup(A)).outcome, 'failure')
})

test('garbage that bears our id does not pass for an answer', async () => {
  await using dns = await start({ zones: [zone([])], treat: () => ({ bytes: new Uint8Array(30).fill(255) }) })
  assert.equal(await dns.addresses(), 'failure')
})

/** Answers every question first with a forged reply, then rightly. */
const startForger = async (forge: (query: packet.DecodedPacket) => packet.Packet) => {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, peer) => {
    const query = packet.decode(bytes)
    const send = (reply: packet.Packet): void =>
      socket.send(packet.encode({ type: 'response', ...reply }), peer.port, peer.address)
    send(forge(query))
    const [question] = query.questions ?? []
    if (!question || query.id === undefined) return
    send({
      id: query.id,
      questions: [question],
      answers: [{ type: 'A', name: question.name, ttl: 60, data: '192.0.2.1', class: 'IN' }],
    })
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { host: '127.0.0.1', port: socket.address().port, [Symbol.dispose]: () => void socket.close() }
}

const FORGED: packet.Answer = { type: 'A', name: NAME, ttl: 60, data: '203.0.113.66', class: 'IN' }

test('a forged answer under another id is passed over', async () => {
  using forger = await startForger(({ id = 0, questions = [] }) => ({ id: id ^ 0x5555, questions, answers: [FORGED] }))
  const resolver = createResolver({
    servers: [forger],
    timeoutMs: 500,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  const answer = await resolver.lookup(A)
  assert.deepEqual(answer.outcome === 'records' && answer.records.map(({ data }) => data), ['192.0.2.1'])
})

test('a forged answer to another question is passed over', async () => {
  const questions: packet.Question[] = [{ name: 'other.test', type: 'A', class: 'IN' }]
  using forger = await startForger(({ id = 0 }) => ({ id, questions, answers: [FORGED] }))
  const resolver = createResolver({
    servers: [forger],
    timeoutMs: 500,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  const answer = await resolver.lookup(A)
  assert.deepEqual(answer.outcome === 'records' && answer.records.map(({ data }) => data), ['192.0.2.1'])
})

test('an answer that does not keep the case of the name is checked over TCP', async () => {
  const questions: packet.Question[] = [{ name: NAME, type: 'A', class: 'IN' }]
  using forger = await startForger(({ id = 0 }) => ({ id, questions, answers: [FORGED] }))
  const resolver = createResolver({
    servers: [forger],
    timeoutMs: 500,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  // Nobody listens there over TCP: rather no answer than this one.
  assert.equal((await resolver.lookup(A)).outcome, 'failure')
})

const failingLater = async () => {
  let treatment: Treatment = 'answer'
  const dns = await start({ zones: [zone([host('192.0.2.1', 10)])], treat: () => treatment }, 300)
  const treat = (next: Treatment): void => void (treatment = next)
  return { ...dns, treat }
}

test('an old answer serves for a minute while the resolver fails, and then no longer', async () => {
  await using dns = await failingLater()
  await dns.addresses()
  dns.treat('servfail')
  await dns.clock.advance(10_000)
  assert.deepEqual(await dns.addresses(), ['192.0.2.1'])
  await dns.clock.advance(59_000)
  assert.deepEqual(await dns.addresses(), ['192.0.2.1'])
  await dns.clock.advance(1_000)
  assert.equal(await dns.addresses(), 'failure')
})

test('a resolver that fails is asked again every few seconds, and believed when it answers', async () => {
  await using dns = await failingLater()
  await dns.addresses()
  dns.treat('servfail')
  await dns.clock.advance(10_000)
  await dns.addresses()
  const asked = dns.server.questions.length
  await dns.addresses()
  assert.equal(dns.server.questions.length, asked)
  dns.treat('answer')
  dns.server.setZone(zone([host('192.0.2.2')]))
  await dns.clock.advance(5_000)
  assert.deepEqual(await dns.addresses(), ['192.0.2.2'])
})

test('who has an old answer does not wait for a resolver that is silent', async () => {
  await using dns = await start({ zones: [zone([host('192.0.2.1', 10)])], treat: () => treatment }, 5_000)
  let treatment: Treatment = 'answer'
  await dns.addresses()
  treatment = 'silence'
  await dns.clock.advance(10_000)
  const asked = dns.addresses()
  await dns.clock.advance(1_800)
  assert.deepEqual(await asked, ['192.0.2.1'])
})

test('a name that is gone is gone at once, whatever is remembered', async () => {
  await using dns = await failingLater()
  await dns.addresses()
  dns.server.setZone(zone([]))
  await dns.clock.advance(10_000)
  assert.equal(await dns.addresses(), 'absent')
})

test('that something does not exist, and what had no time to live, is not used beyond its time', async () => {
  let treatment: Treatment = 'answer'
  await using dns = await start({ zones: [zone([host('192.0.2.1', 0)], 10)], treat: () => treatment })
  await dns.addresses()
  assert.equal(await dns.addresses('none.example.test'), 'absent')
  treatment = 'servfail'
  assert.equal(await dns.addresses(), 'failure')
  await dns.clock.advance(10_000)
  assert.equal(await dns.addresses('none.example.test'), 'failure')
})
