import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hopReport, hopsIn } from './hop-report.ts'

const message = {
  text: 'Hello',
  requestId: 'r1',
  from: 'alice',
  fromDomain: 'a.test',
  to: 'bob',
  toDomain: 'b.test',
  sentAt: 1_000_000,
  answeredAt: 1_009_000,
  receivedAt: 1_012_500,
}

test('the hops of one request are found among others, a half-written line included', () => {
  const log = [
    '{"level":30,"msg":"ready"}',
    '{"hop":"gateway","requestId":"r1","at":1001000}',
    '{"hop":"gateway","requestId":"r2","at":1001500}',
    '{"hop":"federator-out","requestId":"r1","at":1004000,"domain":"b.test","rpc":"on-message-sent"}',
    '{"hop":"galley","requestId":"r1","a',
  ].join('\n')

  assert.deepEqual(hopsIn(log, 'a.test', 'r1'), [
    { domain: 'a.test', hop: 'gateway', at: 1_001_000 },
    { domain: 'a.test', hop: 'federator-out', rpc: 'on-message-sent', to: 'b.test', at: 1_004_000 },
  ])
})

test('the way is told in order of time, each step with what it took, ways to others left out', () => {
  const report = hopReport(message, [
    { domain: 'a.test', hop: 'federator-out', rpc: 'on-message-sent', to: 'c.test', at: 1_004_500 },
    { domain: 'c.test', hop: 'gundeck', at: 1_010_000 },
    { domain: 'b.test', hop: 'gundeck', at: 1_012_000 },
    { domain: 'a.test', hop: 'gateway', at: 1_001_000 },
    { domain: 'a.test', hop: 'federator-out', rpc: 'on-message-sent', to: 'b.test', at: 1_004_000 },
  ])

  assert.deepEqual(
    report.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' ')),
    [
      'The way of "Hello" from alice to bob, and the time to each part of it:',
      'a.test gateway 1.0 ms',
      'a.test federator-out on-message-sent 3.0 ms',
      'b.test gundeck 8.0 ms',
      "bob's websocket 0.5 ms",
      'in all 12.5 ms; alice was told "accepted" after 9.0 ms',
    ],
  )
})
