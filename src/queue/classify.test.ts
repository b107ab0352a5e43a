import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classifyLocalAnswer, classifyPeerAnswer } from './classify.ts'
import { refusedByPeer } from './testing.ts'

const JSON_TYPE = 'application/json'
const verdictOf = (status: number, contentType: string | undefined, text: string): string =>
  classifyPeerAnswer({ status, contentType, text }).verdict

test('only 200 with a JSON object is delivered (backend-notifications.md §8)', () => {
  const table = [
    { answer: [200, JSON_TYPE, '{}'], expected: 'delivered' },
    { answer: [200, 'Application/JSON; charset=utf-8', '{"anything":1}'], expected: 'delivered' },
    { answer: [200, JSON_TYPE, '[]'], expected: 'retry' },
    { answer: [200, JSON_TYPE, 'null'], expected: 'retry' },
    { answer: [200, JSON_TYPE, ''], expected: 'retry' },
    { answer: [200, 'text/html', '{}'], expected: 'retry' },
    { answer: [200, undefined, '{}'], expected: 'retry' },
    { answer: [204, undefined, ''], expected: 'retry' },
    { answer: [201, JSON_TYPE, '{}'], expected: 'retry' },
  ] as const
  for (const { answer, expected } of table) {
    const [status, type, text] = answer
    assert.equal(verdictOf(status, type, text), expected, JSON.stringify(answer))
  }
})

test('only bad-request of the peer itself is for good', () => {
  const nested = refusedByPeer(400, 'bad-request')
  assert.equal(verdictOf(nested.status, JSON_TYPE, nested.body), 'undeliverable')
  const others = [
    refusedByPeer(400, 'federation-denied'),
    refusedByPeer(403, 'bad-request'),
    refusedByPeer(404, 'no-endpoint'),
    refusedByPeer(422, 'invalid-domain'),
    refusedByPeer(500, 'server-error'),
    { status: 400, body: '{"code":400,"label":"bad-request","message":""}' },
    { status: 400, body: '{"code":400,"label":"federation-denied","message":""}' },
    { status: 400, body: 'bad-request' },
    { status: 502, body: '<html>' },
    { status: 533, body: '{"code":533,"label":"x","message":"","inner":"bad-request"}' },
  ]
  for (const { status, body } of others) assert.equal(verdictOf(status, JSON_TYPE, body), 'retry', body)
})

test('the words of a refusal are kept, bounded parts of others name the failure', () => {
  const { status, body } = refusedByPeer(400, 'bad-request')
  assert.deepEqual(classifyPeerAnswer({ status, contentType: JSON_TYPE, text: body }), {
    verdict: 'undeliverable',
    reason: 'bad-request',
    detail: 'no',
    answer: body,
  })
  const denied = '{"code":400,"label":"federation-denied","message":"x"}'
  assert.deepEqual(classifyPeerAnswer({ status: 400, contentType: JSON_TYPE, text: denied }), {
    verdict: 'retry',
    reason: 'the federator answered 400 federation-denied',
  })
})

test('a failure of one notification is told from one of the peer', () => {
  const isOfLetter = (code: number, label: string): boolean => {
    const { status, body } = refusedByPeer(code, label)
    const verdict = classifyPeerAnswer({ status, contentType: JSON_TYPE, text: body })
    return verdict.verdict === 'retry' && verdict.isOfLetter === true
  }
  assert.deepEqual([isOfLetter(500, 'server-error'), isOfLetter(404, 'no-endpoint')], [true, true])
  assert.deepEqual([isOfLetter(400, 'federation-denied'), isOfLetter(503, 'unknown-error')], [false, false])
  const unreachable = classifyPeerAnswer({ status: 521, contentType: JSON_TYPE, text: '{"code":521,"label":"x"}' })
  assert.deepEqual(unreachable, { verdict: 'retry', reason: 'the federator answered 521 x' })
})

test('what one of our own parts refuses is given up, what it cannot do now is tried again', () => {
  const verdicts = [200, 204, 400, 404, 413, 500, 503, 302].map((status) => classifyLocalAnswer(status, '').verdict)
  assert.deepEqual(verdicts, [
    'delivered',
    'delivered',
    'undeliverable',
    'undeliverable',
    'undeliverable',
    'retry',
    'retry',
    'retry',
  ])
})
