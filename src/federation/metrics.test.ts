import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COUNTED_DOMAINS_MAX, TIMED_PEERS_MAX } from './limits.ts'
import { createMetrics, type FederationMetrics } from './metrics.ts'

const linesOf = async (metrics: FederationMetrics, name: string): Promise<readonly string[]> =>
  (await metrics.render()).split('\n').filter((line) => line.startsWith(name))

test('requests are counted by domain, the denied ones under one name', async () => {
  const metrics = createMetrics()
  metrics.outgoing('b.test')
  metrics.incoming('b.test', true)
  metrics.incoming('made-up-1.test', false)
  metrics.incoming('made-up-2.test', false)
  assert.deepEqual(await linesOf(metrics, 'com_wire_federator'), [
    'com_wire_federator_outgoing_requests{target_domain="b.test"} 1',
    'com_wire_federator_incoming_requests{origin_domain="b.test"} 1',
    'com_wire_federator_incoming_requests{origin_domain="denied"} 2',
  ])
})

test('however many domains there are, the number of lines is bounded', async () => {
  const metrics = createMetrics()
  for (let index = 0; index < COUNTED_DOMAINS_MAX + 5; index++) metrics.incoming(`b${index}.test`, true)
  for (let index = 0; index < TIMED_PEERS_MAX + 5; index++) metrics.timed(`b${index}.test`, 'answer', 1)
  const counted = await linesOf(metrics, 'com_wire_federator_incoming_requests{')
  assert.equal(counted.length, COUNTED_DOMAINS_MAX + 1)
  assert.ok(counted.includes('com_wire_federator_incoming_requests{origin_domain="other"} 5'))
  const timed = await linesOf(metrics, 'comity_federation_phase_seconds_count')
  assert.equal(timed.length, TIMED_PEERS_MAX + 1)
})

test('times are sorted into buckets of seconds', async () => {
  const metrics = createMetrics()
  metrics.timed('b.test', 'tls', 3)
  metrics.served({ handler: '/rpc', method: 'POST', status: 521, ms: 700 })
  assert.deepEqual(
    await linesOf(metrics, 'comity_federation_phase_seconds_bucket{le="0.0025",phase="tls",peer="b.test"}'),
    ['comity_federation_phase_seconds_bucket{le="0.0025",phase="tls",peer="b.test"} 0'],
  )
  assert.deepEqual(
    await linesOf(metrics, 'comity_federation_phase_seconds_bucket{le="0.005",phase="tls",peer="b.test"}'),
    ['comity_federation_phase_seconds_bucket{le="0.005",phase="tls",peer="b.test"} 1'],
  )
  assert.deepEqual(await linesOf(metrics, 'http_request_duration_seconds_sum'), [
    'http_request_duration_seconds_sum{handler="/rpc",method="POST",status_code="521"} 0.7',
  ])
})

test('state is what it is when it is asked for', async () => {
  const metrics = createMetrics()
  let isResting = true
  metrics.watch(() => ({
    sessions: 3,
    streams: 2,
    waiting: 1,
    peers: isResting ? [{ domain: 'b.test', inside: 4, breaker: 'open' }] : [],
  }))
  assert.deepEqual(await linesOf(metrics, 'comity_federation_'), [
    'comity_federation_sessions 3',
    'comity_federation_streams 2',
    'comity_federation_waiting 1',
    'comity_federation_peer_requests{peer="b.test"} 4',
    'comity_federation_breaker{peer="b.test"} 2',
  ])
  isResting = false
  assert.deepEqual(await linesOf(metrics, 'comity_federation_breaker'), [])
})

test('two federators in one process count for themselves, and both tell of the process', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.netError()
  assert.deepEqual(await linesOf(one, 'net_errors'), ['net_errors 1'])
  assert.deepEqual(await linesOf(other, 'net_errors'), ['net_errors 0'])
  assert.equal((await linesOf(one, 'process_resident_memory_bytes')).length, 1)
  assert.equal((await linesOf(other, 'process_resident_memory_bytes')).length, 1)
})
