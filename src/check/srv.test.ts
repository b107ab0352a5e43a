import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import type { DnsAnswer } from '#src/federation/dns/answer.ts'
import { createDiscovery } from '#src/federation/discovery.ts'
import { judgePeerAddresses, judgeSrv } from './srv.ts'

const domain = Domain.parse('beta.test')
const plan = { domain, host: 'federator.beta.test', port: 443, who: 'they' }

const judge = async (answer: DnsAnswer) => {
  const discovery = createDiscovery({ lookup: async () => answer })
  return judgeSrv(plan, { answer, discovered: await discovery.targetsOf(domain) })
}

const records = (...targets: string[]): DnsAnswer => ({
  outcome: 'records',
  ttlSeconds: 60,
  records: targets.map((target) => ({
    type: 'SRV',
    name: '_wire-server-federator._tcp.beta.test',
    ttl: 60,
    data: { priority: 1, weight: 2, port: 443, target },
  })),
})

test('a record is shown as it is, with what it leads to', async () => {
  const found = await judge(records('f.beta.test.'))
  assert.equal(found.verdict, 'ok')
  assert.match(found.fact, /leads to f\.beta\.test:443$/)
  assert.deepEqual(found.details, ['priority 1, weight 2, port 443, target f.beta.test., TTL 60 s'])
})

test('of many records a handful is shown and tried', async () => {
  const many = await judge(records(...Array.from({ length: 90 }, (_, index) => `f${index}.beta.test`)))
  assert.match(many.fact, /and 78 more, of which 8 are tried$/)
  assert.equal(many.details?.length, 12)
})

test('a missing record comes with the line of the zone that is missing', async () => {
  const found = await judge({ outcome: 'absent', ttlSeconds: 0 })
  assert.equal(found.verdict, 'failed')
  assert.match(found.fact, /there is no SRV record/)
  assert.match(found.change ?? '', /IN SRV 0 10 443 federator\.beta\.test\.$/)
})

test('withdrawn, unusable and unanswered are three different things', async () => {
  assert.match((await judge(records('.'))).fact, /says that there is no federation/)
  const unusable = await judge(records('192.0.2.1'))
  assert.match(unusable.fact, /no record names a usable host/)
  assert.match(unusable.change ?? '', /IN SRV/)
  const unanswered = await judge({ outcome: 'failure', reason: '192.0.2.53 port 53: no answer in time' })
  assert.match(unanswered.fact, /no answer in time/)
  assert.match(unanswered.change ?? '', /resolvers of this machine/)
})

test('an address that is not allowed is left out, and without any other the way ends', () => {
  const refusalOf = (address: string) => (address === '10.0.0.1' ? '10.0.0.1 is private' : undefined)
  const judged = judgePeerAddresses({ domain, configFile: 'c.yaml', refusalOf })
  assert.equal(judged(['192.0.2.1']).finding.verdict, 'ok')
  const some = judged(['10.0.0.1', '192.0.2.1'])
  assert.deepEqual([some.finding.verdict, some.value], ['warning', ['192.0.2.1']])
  const none = judged(['10.0.0.1'])
  assert.deepEqual([none.finding.verdict, none.value], ['failed', undefined])
  assert.deepEqual(none.finding.details, ['10.0.0.1 is private'])
  assert.match(none.finding.change ?? '', /c\.yaml: federation\.peerAddresses\.perRemote: add \{ domain: beta\.test/)
})
