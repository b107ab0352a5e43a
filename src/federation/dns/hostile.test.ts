/** A resolver, or somebody who can write to us in its name, that means harm (hardening.md §2). */
import assert from 'node:assert/strict'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import * as packet from 'dns-packet'
import { Domain } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import { createDiscovery } from '../discovery.ts'
import { createResolver } from './resolver.ts'

const domain = Domain.parse('peer.test')
const TRUNCATED = packet.TRUNCATED_RESPONSE

interface Query {
  readonly id: number
  readonly question: packet.Question
  readonly over: 'udp' | 'tcp'
}

/** Answers each query with the messages given for it, as bytes. */
const startResponder = async (respond: (query: Query) => readonly Uint8Array[]) => {
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      for (const answer of respond(queryOf(Buffer.from(bytes).subarray(2), 'tcp'))) {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(answer.length)
        socket.write(Buffer.concat([length, answer]))
      }
    })
  })
  const { udp, port } = await listenOnBoth(tcp)
  udp.on('message', (bytes, peer) => {
    for (const answer of respond(queryOf(bytes, 'udp'))) udp.send(answer, peer.port, peer.address)
  })
  const resolver = createResolver({
    servers: [{ host: '127.0.0.1', port }],
    timeoutMs: 1_000,
    lookupTimeoutMs: 8_000,
    clock: testClock(),
    random: systemRandom,
  })
  const stop = async (): Promise<void> => {
    udp.close()
    for (const socket of sockets) socket.destroy()
    tcp.close()
    await once(tcp, 'close')
  }
  return { discovery: createDiscovery(resolver), [Symbol.asyncDispose]: stop }
}

const TRIES_MAX = 20

/** On a port that is free for both: somebody else on this machine may have the one of TCP for UDP. */
const listenOnBoth = async (tcp: Server): Promise<{ readonly udp: UdpSocket; readonly port: number }> => {
  for (let attempt = 1; ; attempt += 1) {
    tcp.listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket('udp4')
    try {
      udp.bind(port, '127.0.0.1')
      await once(udp, 'listening')
      return { udp, port }
    } catch (error) {
      if (attempt >= TRIES_MAX) throw error
      tcp.close()
      await once(tcp, 'close')
    }
  }
}

const queryOf = (bytes: Buffer, over: Query['over']): Query => {
  const { id = 0, questions } = packet.decode(bytes)
  const [question] = questions ?? []
  assert.ok(question)
  return { id, question, over }
}

const srv = (name: string, target: string, port = 443): packet.Answer => ({
  type: 'SRV',
  name,
  ttl: 60,
  class: 'IN',
  data: { target, port, priority: 0, weight: 0 },
})

const reply = ({ id, question }: Query, answers: packet.Answer[], more: packet.Packet = {}): Uint8Array =>
  packet.encode({ type: 'response', id, questions: [question], answers, ...more })

const hostsOf = async (respond: (query: Query) => readonly Uint8Array[]): Promise<readonly string[] | string> => {
  await using responder = await startResponder(respond)
  const found = await responder.discovery.targetsOf(domain)
  return found.outcome === 'targets' ? found.targets.map(({ host }) => host) : found.outcome
}

test('of a thousand records a hundred are taken, the first ones', async () => {
  const hosts = await hostsOf((query) => {
    const many = Array.from({ length: 1_000 }, (_, index) => srv(query.question.name, `h${index}.t`))
    return [query.over === 'udp' ? reply(query, [], { flags: TRUNCATED }) : reply(query, many)]
  })
  assert.equal(hosts.length, 100)
  assert.equal(hosts[99], 'h99.t')
})

test('what comes in a truncated datagram is not used', async () => {
  const hosts = await hostsOf((query) => [
    query.over === 'udp'
      ? reply(query, [srv(query.question.name, 'half.peer.test')], { flags: TRUNCATED })
      : reply(query, [srv(query.question.name, 'whole.peer.test')]),
  ])
  assert.deepEqual(hosts, ['whole.peer.test'])
})

test('a flood of forged answers ends in asking over TCP', async () => {
  const hosts = await hostsOf((query) => {
    if (query.over === 'tcp') return [reply(query, [srv(query.question.name, 'real.peer.test')])]
    return Array.from({ length: 100 }, (_, index) =>
      reply({ ...query, id: query.id ^ (index + 1) }, [srv(query.question.name, 'evil.test')]),
    )
  })
  assert.deepEqual(hosts, ['real.peer.test'])
})

test('an answer to another question is not used, over TCP either', async () => {
  const other: packet.Question = { name: '_wire-server-federator._tcp.other.test', type: 'SRV', class: 'IN' }
  const hosts = await hostsOf((query) => [
    query.over === 'udp'
      ? reply(query, [], { flags: TRUNCATED })
      : reply({ ...query, question: other }, [srv(other.name, 'evil.test')]),
  ])
  assert.equal(hosts, 'discovery-failure')
})

test('records of names that were not asked for are not used', async () => {
  const hosts = await hostsOf((query) => [
    reply(query, [
      srv('_wire-server-federator._tcp.other.test', 'evil.test'),
      srv(query.question.name, 'real.peer.test'),
    ]),
  ])
  assert.deepEqual(hosts, ['real.peer.test'])
})

test('a name that is an alias of itself, or of one in a circle, is a failure', async () => {
  const alias = (name: string, data: string): packet.Answer => ({ type: 'CNAME', name, data, ttl: 60, class: 'IN' })
  assert.equal(await hostsOf((query) => [reply(query, [alias(query.question.name, query.question.name)])]), FAILURE)
  assert.equal(
    await hostsOf((query) => [reply(query, [alias(query.question.name, 'b.test'), alias('b.test', 'c.test')])]),
    FAILURE,
  )
})
const FAILURE = 'discovery-failure'

test('aliases without end, each told only when asked for, are a failure', async () => {
  let count = 0
  const hosts = await hostsOf((query) => {
    count += 1
    const next = `a${count}.peer.test`
    return [reply(query, [{ type: 'CNAME', name: query.question.name, data: next, ttl: 60, class: 'IN' }])]
  })
  assert.equal(hosts, FAILURE)
  assert.ok(count < 20, `${count} questions`)
})

/** An SRV record whose target ends in a pointer to this offset of the message. */
const withPointer = (query: Query, offset: number): Uint8Array => {
  const head = Buffer.from(reply(query, []))
  head.writeUInt16BE(1, 6)
  const target = Buffer.from([4, ...Buffer.from('host'), 0xc0 | (offset >> 8), offset & 0xff])
  const record = Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 6 + target.length, 0, 0, 0, 0, 1, 0xbb])
  return Buffer.concat([head, record, target])
}

test('a compressed target is read, though RFC 2782 forbids to send one', async () => {
  // The name of the question begins at 12; the domain in it after two labels of 22 and 4 letters.
  assert.deepEqual(await hostsOf((query) => [withPointer(query, 12 + 23 + 5)]), ['host.peer.test'])
})

test('a target compressed in a circle, and a message that ends too early, are failures', async () => {
  const circle = (query: Query): Uint8Array => {
    const bytes = withPointer(query, 12)
    const own = bytes.length - 7
    return withPointer(query, own)
  }
  assert.equal(await hostsOf((query) => [circle(query)]), FAILURE)
  assert.equal(await hostsOf((query) => [withPointer(query, 12).subarray(0, -4)]), FAILURE)
})

test('port 0, the root and addresses among the targets are passed over', async () => {
  const hosts = await hostsOf((query) => {
    const { name } = query.question
    const odd = [srv(name, 'zero.peer.test', 0), srv(name, '.'), srv(name, '127.0.0.1'), srv(name, '169.254.169.254')]
    return [reply(query, [...odd, srv(name, 'fine.peer.test')])]
  })
  assert.deepEqual(hosts, ['fine.peer.test'])
})

test('a target that is named twice is taken as it comes', async () => {
  const hosts = await hostsOf((query) => {
    const record = srv(query.question.name, 'twice.peer.test')
    return [reply(query, [record, record])]
  })
  assert.deepEqual(hosts, ['twice.peer.test', 'twice.peer.test'])
})
