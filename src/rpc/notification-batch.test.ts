import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { Domain, RequestId } from '#src/contract/ids.ts'
import { from, named, notification, rpc, until } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { nullLog } from '#src/kit/log.ts'
import { takeBatches } from './notification-batch.ts'
import type { FederationContext } from './rpc-forms.ts'

const ORIGIN = Domain.parse('b.example')

const contract = named('galley', {
  'on-a': notification('a', { input: z.object({ n: z.int() }) }),
  'on-b-v0': notification('b', { name: 'on-b', versions: until(1), input: z.object({ old: z.int() }) }),
  'on-b': notification('b', { versions: from(1), input: z.object({ n: z.int() }) }),
  'get-c': rpc('c', { input: z.object({ n: z.int() }), output: z.object({}) }),
})

/** What was handled: the key of the entry, the number, and how many came together. */
const taking = (fails: (n: number) => Error | undefined = () => undefined) => {
  const handled: [string, number, number][] = []
  const contexts: FederationContext[] = []
  const note = (key: string, n: number, together: number, context: FederationContext): void => {
    const failure = fails(n)
    if (failure) throw failure
    handled.push([key, n, together])
    contexts.push(context)
  }
  const take = takeBatches(
    contract,
    {
      'on-a': async ({ n }, context) => note('on-a', n, 1, context),
      'on-b-v0': async ({ old }, context) => note('on-b-v0', old, 1, context),
      'on-b': async ({ n }, context) => note('on-b', n, 1, context),
      'get-c': async () => assert.fail('it is no notification'),
    },
    {
      together: {
        'on-a': async (items) => {
          for (const { input, context } of items) note('on-a', input.n, items.length, context)
        },
      },
      log: nullLog,
    },
  )
  const send = async (...notifications: [path: string, body: unknown, version?: number][]) => {
    const { results } = await take(
      {
        notifications: notifications.map(([path, body, version = 2], index) => ({
          path,
          version,
          request_id: RequestId.parse(`r-${index}`),
          body,
        })),
      },
      { origin: ORIGIN, version: 3, requestId: 'of-the-batch' },
    )
    return results.map((result) => (result.outcome === 'refused' ? `${result.code} ${result.label}` : result.outcome))
  }
  return { send, handled, contexts }
}

test('each is taken in its order, in its version and with its own request, and those of a kind in a row together', async () => {
  const { send, handled, contexts } = taking()
  const results = await send(
    ['on-a', { n: 1 }],
    ['on-a', { n: 2 }],
    ['on-b', { n: 3 }],
    ['on-b', { old: 4 }, 0],
    ['on-a', { n: 5 }],
  )
  assert.deepEqual(results, ['taken', 'taken', 'taken', 'taken', 'taken'])
  assert.deepEqual(handled, [
    ['on-a', 1, 2],
    ['on-a', 2, 2],
    ['on-b', 3, 1],
    ['on-b-v0', 4, 1],
    ['on-a', 5, 1],
  ])
  assert.deepEqual(
    contexts.map(({ origin, version, requestId }) => [origin, version, requestId]),
    [
      [ORIGIN, 2, 'r-0'],
      [ORIGIN, 2, 'r-1'],
      [ORIGIN, 2, 'r-2'],
      [ORIGIN, 0, 'r-3'],
      [ORIGIN, 2, 'r-4'],
    ],
  )
})

test('what cannot be read is refused for good and stops nothing', async () => {
  const { send, handled } = taking()
  assert.deepEqual(await send(['on-a', { n: 1 }], ['on-a', { n: 'two' }], ['on-a', undefined], ['on-a', { n: 4 }]), [
    'taken',
    '400 bad-request',
    '400 bad-request',
    'taken',
  ])
  assert.deepEqual(
    handled.map(([, n]) => n),
    [1, 4],
  )
})

test('what fails for now is the last that is tried', async () => {
  for (const [failure, expected] of [
    [new Error('broken'), '500 server-error'],
    [new Refusal(503, 'overloaded', { detail: 'later' }), '503 overloaded'],
    [new Refusal(400, 'federation-denied', { detail: 'not you' }), '400 federation-denied'],
  ] as const) {
    const { send, handled } = taking((n) => (n === 2 ? failure : undefined))
    const results = await send(
      ['on-b', { n: 1 }],
      ['on-b', { n: 2 }],
      ['on-b', { n: 3 }],
      ['on-a', { n: 4 }],
      ['on-a', 5],
    )
    assert.deepEqual(results, ['taken', expected, 'untried', 'untried', 'untried'])
    assert.deepEqual(handled, [['on-b', 1, 1]])
  }
})

test('those taken together fail together', async () => {
  const { send } = taking((n) => (n === 2 ? new Error('broken') : undefined))
  const results = await send(['on-a', { n: 1 }], ['on-a', { n: 2 }], ['on-b', { n: 3 }])
  assert.deepEqual(results, ['500 server-error', '500 server-error', 'untried'])
})

test('of those taken together one that is refused for good is refused alone', async () => {
  const refusing = (n: number) => (n === 2 ? new Refusal(400, 'bad-request', { detail: 'never' }) : undefined)
  const { send } = taking(refusing)
  assert.deepEqual(await send(['on-a', { n: 1 }], ['on-a', { n: 2 }], ['on-a', { n: 3 }]), [
    'taken',
    '400 bad-request',
    'taken',
  ])
  const failing = (n: number) => (n === 3 ? new Refusal(503, 'busy', { detail: 'later' }) : refusing(n))
  assert.deepEqual(
    await taking(failing).send(['on-a', { n: 1 }], ['on-a', { n: 2 }], ['on-a', { n: 3 }], ['on-a', { n: 4 }]),
    ['taken', '400 bad-request', '503 busy', 'untried'],
  )
})

test('what is no notification, or unknown, cannot come in a batch', async () => {
  for (const path of ['get-c', 'on-z', 'toString', 'on-notifications']) {
    const { send } = taking()
    assert.deepEqual(await send([path, { n: 1 }], ['on-a', { n: 2 }]), ['404 no-endpoint', 'untried'])
  }
})
