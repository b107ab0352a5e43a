import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { Domain, Handle } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { PartUnreachable } from '#src/kit/http/wire.ts'
import { FederationFailure } from './federation-failure.ts'
import type { FederatorRequest, FederatorTransport } from './federator-transport.ts'
import { remoteBackends } from './remote-backends.ts'

const own = Domain.parse('a.example')
const b = Domain.parse('b.example')
const bob = Handle.parse('bob')

interface Scripted {
  readonly status?: number
  readonly type?: string
  readonly body: unknown
}

const VERSIONS = { body: { supported: [0, 1], supported_versions: [0, 1, 2, 3, 999] } }

/** Answers RPCs by name and keeps what was asked. */
const scripted = (answers: Readonly<Record<string, Scripted>>) => {
  const asked: FederatorRequest[] = []
  const federator: FederatorTransport = {
    send: async (request) => {
      asked.push(request)
      const { status = 200, type = 'application/json', body } = answers[request.rpc] ?? { status: 404, body: '' }
      return { status, headers: { 'content-type': type }, body: once(body) }
    },
  }
  const clock = testClock()
  return { asked, clock, remotes: remoteBackends({ ownDomain: own, federator, clock }) }
}

async function* once(body: unknown): AsyncGenerator<Uint8Array> {
  yield Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

const context = { requestId: 'r-1' }
const find = (remotes: ReturnType<typeof remoteBackends>) =>
  remotes.call(b, brigFederation['get-user-by-handle'], bob, context)

const failure = async (remotes: ReturnType<typeof remoteBackends>): Promise<FederationFailure> => {
  const error = await find(remotes).then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof FederationFailure, String(error))
  return error
}

test('FED-021: the version is negotiated first and the largest common one is sent', async () => {
  const { remotes, asked } = scripted({ 'api-version': VERSIONS, 'get-user-by-handle': { body: null } })
  assert.equal(await find(remotes), null)
  assert.deepEqual(
    asked.map(({ component, rpc, headers, body }) => [component, rpc, headers['x-wire-api-version'], body.toString()]),
    [
      ['brig', 'api-version', undefined, '[]'],
      ['brig', 'get-user-by-handle', '3', '"bob"'],
    ],
  )
  assert.equal(asked[1]?.headers['wire-origin-domain'], own)
})

test('versions are remembered for seconds and forgotten at the first failure', async () => {
  const answers: Record<string, Scripted> = { 'api-version': VERSIONS, 'get-user-by-handle': { body: null } }
  const { remotes, asked, clock } = scripted(answers)
  await Promise.all([find(remotes), find(remotes), find(remotes)])
  assert.equal(asked.filter(({ rpc }) => rpc === 'api-version').length, 1)
  await clock.advance(10_000)
  await find(remotes)
  assert.equal(asked.filter(({ rpc }) => rpc === 'api-version').length, 2)
  answers['get-user-by-handle'] = { body: 'no JSON' }
  await failure(remotes)
  await failure(remotes)
  assert.equal(asked.filter(({ rpc }) => rpc === 'api-version').length, 3)
})

test('FED-018: the remote error stays nested and data names the backend domain', async () => {
  const inner = { code: 400, label: 'example', message: 'm' }
  const body = {
    code: 533,
    label: 'federation-remote-error',
    message: 'x',
    data: { type: 'federation', domain: 'federator.b.example', path: '/federation/brig/get-user-by-handle' },
    inner,
  }
  const { remotes } = scripted({ 'api-version': VERSIONS, 'get-user-by-handle': { status: 533, body } })
  assert.deepEqual((await failure(remotes)).toBody(), {
    code: 533,
    label: 'federation-remote-error',
    message: 'x',
    data: { type: 'federation', domain: b, path: '/federation/get-user-by-handle' },
    inner,
  })
})

test('FED-014: a failed negotiation is what the client sees', async () => {
  const { remotes } = scripted({
    'api-version': { status: 422, body: { code: 422, label: 'invalid-domain', message: 'm' } },
  })
  const error = await failure(remotes)
  assert.deepEqual(
    [error.status, error.label, error.data],
    [422, 'invalid-domain', { type: 'federation', domain: b, path: '/federation/api-version' }],
  )
})

const endings: readonly [string, Readonly<Record<string, Scripted>>, number, string][] = [
  ['403 of our federator', { 'api-version': { status: 403, body: 'no' } }, 500, 'federation-local-error'],
  [
    'an answer that is no error object',
    { 'api-version': { status: 502, body: 'oops' } },
    502,
    'unknown-federation-error',
  ],
  [
    'FED-023: no common version',
    { 'api-version': { body: { supported_versions: [200] } } },
    533,
    'federation-version-error',
  ],
  [
    'FED-023: no versions at all',
    { 'api-version': { body: { supported_versions: [] } } },
    533,
    'federation-version-error',
  ],
  ['FED-023: garbage for versions', { 'api-version': { body: ['?'] } }, 533, 'federation-version-error'],
  [
    'a body of another shape',
    { 'api-version': VERSIONS, 'get-user-by-handle': { body: { id: 1 } } },
    533,
    'federation-invalid-body',
  ],
  [
    'a body of another type',
    { 'api-version': VERSIONS, 'get-user-by-handle': { type: 'text/html', body: 'null' } },
    533,
    'federation-unsupported-content-type',
  ],
]

for (const [name, answers, status, label] of endings) {
  test(`${name} becomes ${status} ${label}`, async () => {
    const error = await failure(scripted(answers).remotes)
    assert.deepEqual([error.status, error.label], [status, label])
  })
}

test('FED-020: without a federator, and with one that is down', async () => {
  const clock = testClock()
  const none = await failure(remoteBackends({ ownDomain: own, federator: undefined, clock }))
  assert.deepEqual([none.status, none.label], [400, 'federation-not-enabled'])
  const down: FederatorTransport = {
    send: async () => {
      throw new PartUnreachable('our federator', new Error('refused'))
    },
  }
  const unreachable = await failure(remoteBackends({ ownDomain: own, federator: down, clock }))
  assert.deepEqual([unreachable.status, unreachable.label], [500, 'federation-not-available'])
})
