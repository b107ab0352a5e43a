import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as packet from 'dns-packet'
import { answerOf } from './answer.ts'

const QUESTION = { name: 'Host.Example.com', type: 'A' } as const
const NXDOMAIN = 3

const ask = (reply: packet.Packet) =>
  answerOf(QUESTION, packet.decode(packet.encode({ type: 'response', questions: [QUESTION], ...reply })))

const a = (name: string, ttl: number, data = '192.0.2.1'): packet.Answer => ({
  type: 'A',
  name,
  ttl,
  data,
  class: 'IN',
})
const alias = (name: string, data: string, ttl = 60): packet.Answer => ({ type: 'CNAME', name, ttl, data, class: 'IN' })
const soa = (ttl: number, minimum: number): packet.Answer => ({
  type: 'SOA',
  name: 'example.com',
  ttl,
  class: 'IN',
  data: { mname: 'ns.example.com', rname: 'h.example.com', minimum },
})

test('records live as long as the shortest of them', () => {
  const answer = ask({ answers: [a('host.example.com', 600), a('HOST.example.com', 60, '192.0.2.2')] })
  assert.equal(answer.outcome === 'records' && answer.records.length, 2)
  assert.equal(answer.outcome === 'records' && answer.ttlSeconds, 60)
})

test('records of other names, types and classes are not looked at', () => {
  const others: packet.Answer[] = [
    a('other.example.com', 60),
    { ...a('host.example.com', 60), class: 'CH' } as packet.Answer,
  ]
  assert.equal(ask({ answers: others }).outcome, 'absent')
})

test('an alias is followed within the reply, and shortens the life of what it leads to', () => {
  const answer = ask({
    answers: [a('third.test', 300), alias('second.test', 'third.test', 10), alias('host.example.com', 'second.test')],
  })
  assert.equal(answer.outcome === 'records' && answer.ttlSeconds, 10)
})

test('an alias that leads out of the reply is told', () => {
  const answer = ask({ answers: [alias('host.example.com', 'elsewhere.test', 30)] })
  assert.deepEqual(answer, { outcome: 'alias', of: 'elsewhere.test', ttlSeconds: 30 })
})

test('aliases in a circle are a failure', () => {
  const answer = ask({ answers: [alias('host.example.com', 'b.test'), alias('b.test', 'host.example.com')] })
  assert.equal(answer.outcome, 'failure')
})

test('absence is remembered as long as the SOA says, by the smaller of its two numbers', () => {
  assert.deepEqual(ask({ flags: NXDOMAIN, authorities: [soa(600, 20)] }), { outcome: 'absent', ttlSeconds: 20 })
  assert.deepEqual(ask({ authorities: [soa(5, 20)] }), { outcome: 'absent', ttlSeconds: 5 })
  assert.deepEqual(ask({ flags: NXDOMAIN }), { outcome: 'absent', ttlSeconds: 0 })
})

test('any other response code is a failure', () => {
  assert.deepEqual(
    [1, 2, 4, 5, 9].map((code) => ask({ flags: code }).outcome),
    [1, 2, 4, 5, 9].map(() => 'failure'),
  )
})

test('a thousand records are cut to a hundred', () => {
  const answers = Array.from({ length: 1_000 }, (_, index) =>
    a('host.example.com', 60, `10.0.${index >> 8}.${index & 255}`),
  )
  const answer = ask({ answers })
  assert.equal(answer.outcome === 'records' && answer.records.length, 100)
})

test('a time to live with the highest bit set counts as none', () => {
  const answer = ask({ answers: [a('host.example.com', 0x8000_0000)] })
  assert.equal(answer.outcome === 'records' && answer.ttlSeconds, 0)
})
