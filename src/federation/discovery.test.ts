import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SrvData } from 'dns-packet'
import { Domain } from '#src/contract/ids.ts'
import { createDiscovery } from './discovery.ts'
import type { DnsAnswer } from './dns/answer.ts'
import type { Question } from './dns/message.ts'

const example = Domain.parse('example.com')
const QUERIED = '_wire-server-federator._tcp.example.com'

const answering = (answer: (question: Question) => DnsAnswer) =>
  createDiscovery({ lookup: async (question) => answer(question) })
const services = (...data: SrvData[]): DnsAnswer => ({
  outcome: 'records',
  ttlSeconds: 60,
  records: data.map((each) => ({ type: 'SRV', name: QUERIED, data: each })),
})
const targetsOf = (answer: DnsAnswer) => answering(() => answer).targetsOf(example)

test('the SRV record of the federator is asked for', async () => {
  const asked: Question[] = []
  const discovery = createDiscovery({
    lookup: async (question) => {
      asked.push(question)
      return { outcome: 'absent', ttlSeconds: 0 }
    },
  })
  await discovery.targetsOf(example)
  assert.deepEqual(asked, [{ name: QUERIED, type: 'SRV' }])
})

test('targets come in the order of the answer, lower-cased and without the dot at the end', async () => {
  const found = await targetsOf(
    services({ target: 'B.Example.com.', port: 443, weight: 0 }, { target: 'localhost', port: 8443, priority: 5 }),
  )
  assert.deepEqual(found.outcome === 'targets' && found.targets, [
    { host: 'b.example.com', port: 443, priority: 0, weight: 0 },
    { host: 'localhost', port: 8443, priority: 5, weight: 0 },
  ])
})

test('no record, and one whose target is the root, mean that there is no such backend', async () => {
  const expected = { outcome: 'invalid-domain', name: QUERIED }
  assert.deepEqual(await targetsOf({ outcome: 'absent', ttlSeconds: 0 }), expected)
  assert.deepEqual(await targetsOf(services({ target: '.', port: 0 })), expected)
})

test('a root target among others is passed over', async () => {
  const found = await targetsOf(services({ target: '.', port: 443 }, { target: 'f.example.com', port: 443 }))
  assert.deepEqual(found.outcome === 'targets' && found.targets.map(({ host }) => host), ['f.example.com'])
})

test('a failed lookup is a failure', async () => {
  assert.equal((await targetsOf({ outcome: 'failure', reason: 'x' })).outcome, 'discovery-failure')
})

test('a target that is no host name, or has no port, is none', async () => {
  const odd = ['127.0.0.1', 'a b.test', 'x/y.test', '-a.test', 'a..test', `${'a'.repeat(64)}.test`, 'fe80::1', '10']
  const unusable = services(...odd.map((target) => ({ target, port: 443 })), { target: 'fine.test', port: 0 })
  assert.equal((await targetsOf(unusable)).outcome, 'discovery-failure')
})

test('addresses of both families alternate, the newer first', async () => {
  const address = (type: 'A' | 'AAAA', data: string) => ({ type, name: 'h', data })
  const discovery = answering(({ type }) => ({
    outcome: 'records',
    ttlSeconds: 60,
    records: type === 'A' ? [address('A', '192.0.2.1'), address('A', '192.0.2.2')] : [address('AAAA', '2001:db8::1')],
  }))
  assert.deepEqual(await discovery.addressesOf('h.test'), ['2001:db8::1', '192.0.2.1', '192.0.2.2'])
})

test('a host of which nothing is known has no address', async () => {
  assert.deepEqual(await answering(() => ({ outcome: 'failure', reason: 'x' })).addressesOf('h.test'), [])
})
