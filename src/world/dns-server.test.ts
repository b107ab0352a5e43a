import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import * as packet from 'dns-packet'
import { type DnsServer, startDnsServer } from './dns-server.ts'
import type { Zone } from './dns-zone.ts'

const zone: Zone = {
  origin: 'a.test',
  negativeTtl: 7,
  records: [
    { name: '_wire-server-federator._tcp.a.test', type: 'SRV', ttl: 3, port: 8443, target: 'federator.a.test' },
    { name: 'federator.a.test', type: 'A', address: '127.0.0.1' },
    { name: 'federator.a.test', type: 'AAAA', address: '::1' },
  ],
}

test('a stub resolver finds service and addresses', async () => {
  await using server = await startDnsServer({ zones: [zone] })
  const resolver = new Resolver()
  resolver.setServers([`${server.host}:${server.port}`])

  const [service] = await resolver.resolveSrv('_wire-server-federator._tcp.a.test')
  assert.deepEqual(
    [service?.name, service?.port, service?.priority, service?.weight],
    ['federator.a.test', 8443, 0, 10],
  )
  assert.deepEqual(await resolver.resolve4('federator.a.test', { ttl: true }), [{ address: '127.0.0.1', ttl: 60 }])
  assert.deepEqual(await resolver.resolve6('federator.a.test'), ['::1'])
})

test('the target of a service is written in full and the name is echoed as asked', async () => {
  await using server = await startDnsServer({ zones: [zone] })
  const bytes = await askUdp(server, { type: 'SRV', name: '_wire-SERVER-federator._tcp.A.test' })
  const answer = packet.decode(bytes)

  assert.ok(bytes.includes('\x09federator\x01a\x04test\x00', 0, 'latin1'))
  assert.equal(answer.answers?.[0]?.name, '_wire-SERVER-federator._tcp.A.test')
  assert.equal(ttlOf(answer), 3)
  assert.equal(answer.flag_aa, true)
})

test('a missing name and a missing type are told apart, both with the time they may be remembered', async () => {
  await using server = await startDnsServer({ zones: [zone] })
  const missingName = packet.decode(await askUdp(server, { type: 'SRV', name: '_wire-server-federator._tcp.b.a.test' }))
  const missingType = packet.decode(await askUdp(server, { type: 'SRV', name: 'federator.a.test' }))
  const between = packet.decode(await askUdp(server, { type: 'SRV', name: '_tcp.a.test' }))

  assert.equal(rcode(missingName), 3)
  assert.equal(rcode(missingType), 0)
  assert.equal(rcode(between), 0)
  assert.deepEqual(
    missingName.authorities?.map((record) => [record.type, record.name]),
    [['SOA', 'a.test']],
  )
  assert.equal(missingType.answers?.length, 0)
})

test('other zones are refused, until they are added', async () => {
  await using server = await startDnsServer({ zones: [zone] })
  const question = { type: 'A', name: 'federator.b.test' } as const
  assert.equal(rcode(packet.decode(await askUdp(server, question))), 5)

  server.setZone({ origin: 'b.test', records: [{ name: 'federator.b.test', type: 'A', address: '127.0.0.2' }] })
  assert.equal(packet.decode(await askUdp(server, question)).answers?.length, 1)

  server.removeZone('b.test')
  assert.equal(rcode(packet.decode(await askUdp(server, question))), 5)
})

test('an answer too long for UDP is truncated and complete over TCP', async () => {
  const records = Array.from({ length: 40 }, (_, index) => ({
    name: '_wire-server-federator._tcp.a.test',
    type: 'SRV' as const,
    port: 8000 + index,
    target: 'federator.a.test',
  }))
  await using server = await startDnsServer({ zones: [{ origin: 'a.test', records }] })
  const question = { type: 'SRV', name: '_wire-server-federator._tcp.a.test' } as const
  const short = packet.decode(await askUdp(server, question))

  assert.equal(short.flag_tc, true)
  assert.equal(short.answers?.length, 0)
  assert.equal((await askTcp(server, question)).answers?.length, 40)
  assert.deepEqual(
    server.questions.map((asked) => asked.over),
    ['udp', 'tcp'],
  )
})

test('the root as target is sent as the root', async () => {
  const records = [{ name: '_wire-server-federator._tcp.a.test', type: 'SRV' as const, port: 0, target: '.' }]
  await using server = await startDnsServer({ zones: [{ origin: 'a.test', records }] })
  const answer = packet.decode(await askUdp(server, { type: 'SRV', name: '_wire-server-federator._tcp.a.test' }))

  assert.deepEqual(
    answer.answers?.map((record) => 'data' in record && record.data),
    [{ priority: 0, weight: 10, port: 0, target: '.' }],
  )
})

test('a test can make the server fail, truncate, or send anything', async () => {
  const treatments = ['servfail', 'truncate', { bytes: Uint8Array.of(0x84, 0x03) }] as const
  let next = 0
  await using server = await startDnsServer({ zones: [zone], treat: () => treatments[next++] ?? 'answer' })
  const question = { type: 'A', name: 'federator.a.test' } as const

  assert.equal(rcode(packet.decode(await askUdp(server, question))), 2)
  assert.equal(packet.decode(await askUdp(server, question)).flag_tc, true)
  assert.deepEqual([...(await askUdp(server, question))], [0, 7, 0x84, 0x03])
})

test('bytes that are not DNS get no answer and do no harm', async () => {
  await using server = await startDnsServer({ zones: [zone] })
  const udp = createSocket('udp4')
  udp.send(Uint8Array.of(1, 2, 3), server.port, server.host)
  udp.close()

  assert.equal(packet.decode(await askUdp(server, { type: 'A', name: 'federator.a.test' })).answers?.length, 1)
})

const rcode = (answer: packet.DecodedPacket): number => (answer.flags ?? 0) & 0xf

const ttlOf = (answer: packet.DecodedPacket): number | undefined => {
  const [record] = answer.answers ?? []
  return record && 'ttl' in record ? record.ttl : undefined
}

async function askUdp(server: DnsServer, question: packet.Question): Promise<Buffer> {
  const udp = createSocket('udp4')
  udp.send(packet.encode({ type: 'query', id: 7, questions: [question] }), server.port, server.host)
  const [answer]: Buffer[] = await once(udp, 'message')
  udp.close()
  assert.ok(answer)
  return answer
}

async function askTcp(server: DnsServer, question: packet.Question): Promise<packet.Packet> {
  const socket = connect(server.port, server.host)
  socket.write(packet.streamEncode({ type: 'query', id: 7, questions: [question] }))
  let received = Buffer.alloc(0)
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk])
    if (received.length >= 2 + received.readUInt16BE(0)) break
  }
  return packet.streamDecode(received)
}
