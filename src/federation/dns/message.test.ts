import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as packet from 'dns-packet'
import { seededRandom, systemRandom } from '#src/kit/random.ts'
import { makeQuery, readReply } from './message.ts'

const QUESTION = { name: '_wire-server-federator._tcp.example.com', type: 'SRV' } as const
const query = makeQuery(QUESTION, seededRandom(5))

const reply = (change: Partial<packet.Packet> = {}): Uint8Array =>
  packet.encode({ type: 'response', id: query.id, questions: [{ ...query.question, class: 'IN' }], ...change })

test('the name is asked for in letters of random case, under a random id', () => {
  const queries = Array.from({ length: 20 }, () => makeQuery(QUESTION, systemRandom))
  assert.ok(new Set(queries.map(({ question }) => question.name)).size > 15)
  assert.ok(new Set(queries.map(({ id }) => id)).size > 15)
  assert.ok(queries.every(({ question }) => question.name.toLowerCase() === QUESTION.name))
})

test('a reply to the question in our spelling is ours', () => {
  assert.equal(readReply(query, reply()).is, 'reply')
})

test('a reply in another spelling is suspicious', () => {
  const questions = [{ ...QUESTION, class: 'IN' as const }]
  assert.equal(readReply(query, reply({ questions })).is, 'other-case')
})

test('a reply with another id, name, type or class, or to no question or two, is foreign', () => {
  const own = { ...query.question, class: 'IN' as const }
  const foreign = [
    reply({ id: query.id ^ 1 }),
    reply({ questions: [{ ...own, name: 'example.org' }] }),
    reply({ questions: [{ ...own, type: 'A' }] }),
    reply({ questions: [{ ...own, class: 'CH' }] }),
    reply({ questions: [] }),
    reply({ questions: [own, own] }),
    reply({ type: 'query' }),
    new Uint8Array(1),
  ]
  assert.deepEqual(
    foreign.map((bytes) => readReply(query, bytes).is),
    foreign.map(() => 'foreign'),
  )
})

test('a reply that cannot be read is malformed, once it bears our id', () => {
  assert.equal(readReply(query, reply().subarray(0, 20)).is, 'malformed')
})
