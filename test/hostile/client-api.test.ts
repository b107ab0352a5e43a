/**
 * Strangers, and people with bad intentions, at the front door of a running backend. Every endpoint of the contracts
 * meets every attack: whatever it answers is in order, and what was refused has changed nothing.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ADDRESS_ATTACKS } from './address-attacks.ts'
import type { Attack, Attempt, Callers } from './attack.ts'
import { badTokens } from './bad-tokens.ts'
import { BODY_ATTACKS } from './body-attacks.ts'
import { problemsOf, unlike } from './client-answers.ts'
import { type AttackedBackend, bearer, startAttackedBackend, type State } from './client-backend.ts'
import { INTERNAL_TARGETS, pathOf, type Target, TARGETS } from './client-endpoints.ts'
import { EXCEPTIONS } from './client-exceptions.ts'
import { TOKEN_ATTACKS } from './token-attacks.ts'

const ATTACKS = [...TOKEN_ATTACKS, ...BODY_ATTACKS, ...ADDRESS_ATTACKS]

void suite('hostile callers of the client API', { concurrency: false, tags: ['embedded'] }, () => {
  let backend: AttackedBackend
  let seen: readonly State[]

  before(async () => {
    backend = await startAttackedBackend()
    seen = await states()
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const states = async (): Promise<readonly State[]> => [
    ...(await backend.stateOf(backend.alice)),
    ...(await backend.stateOf(backend.bob)),
  ]

  const nothingHappened = async (): Promise<void> => {
    const before = seen
    seen = await states()
    assert.deepEqual(seen, before)
  }

  /** Everything that went wrong, in words. */
  const tryAll = async (target: Target, attempts: readonly Attempt[]): Promise<string[]> => {
    const problems = attempts.map(async ({ what, asked, expected }) => {
      const headers = { ...backend.spoofed, ...asked.headers }
      const answered = await backend.ask({ ...asked, headers })
      const isHead = asked.method === 'HEAD'
      const found = [
        ...problemsOf(answered, target.declared, isHead),
        ...(expected ? unlike(answered, expected, isHead) : []),
      ]
      return found.map((problem) => `${what}: ${problem}`)
    })
    return (await Promise.all(problems)).flat()
  }

  const callers = (): Callers => ({
    refused: bearer(backend.alice.app.http.token),
    taken: bearer(backend.mallory.app.http.token),
    stolen: backend.stolen,
  })

  for (const target of TARGETS) {
    for (const attack of ATTACKS.filter((each) => each.on(target))) {
      const title = `${target.method} ${target.path} ${attack.name}`
      if (isExcused(target, attack)) {
        test(`${title}, or does not have to`, async () => {
          const { taken, stolen } = callers()
          const attempts = attack.attempts(target, { refused: taken, taken, stolen })
          assert.deepEqual(await tryAll(target, attempts.map(anyAnswer)), [])
          assert.notDeepEqual(await tryAll(target, attempts), [], 'take this exception off the list')
        })
      } else {
        test(title, async () => {
          assert.deepEqual(await tryAll(target, attack.attempts(target, callers())), [])
        })
      }
    }
    test(`${target.method} ${target.path} has changed nothing by what it refused`, nothingHappened)
  }

  test('every exception is about something that is tried', () => {
    const unknown = EXCEPTIONS.filter(
      ({ endpoint, attack }) =>
        !TARGETS.some(({ name }) => name === endpoint) || !ATTACKS.some(({ name }) => name === attack),
    )
    assert.deepEqual(unknown, [])
  })

  for (const target of INTERNAL_TARGETS) {
    test(`${target.method} ${target.path} cannot be reached from outside`, async () => {
      const attempts = ['', '/v8', '/v8/', '/self/..'].map((prefix) => ({
        what: prefix,
        asked: { method: target.method, target: `${prefix}${pathOf(target)}`, headers: callers().taken },
        expected: { status: 404, label: 'no-endpoint' },
      }))
      assert.deepEqual(await tryAll(target, attempts), [])
    })
  }

  test('a websocket opens to no bad token', async () => {
    const answers = badTokens(backend.stolen).map(async ({ what, status, headers, query }) => {
      const target = `/await${query === undefined ? '' : `?access_token=${query}`}`
      const answered = await backend.ask({ method: 'GET', target, headers: { ...HANDSHAKE, ...headers } })
      return answered.status === status ? [] : [`${what}: ${answered.status}`]
    })
    assert.deepEqual((await Promise.all(answers)).flat(), [])
  })

  test('headers that our own parts believe tell them nothing when they come from outside', async () => {
    const { alice, mallory, spoofed } = backend
    assert.deepEqual(await backend.stateOf(alice, spoofed), await backend.stateOf(alice))
    const headers = { ...spoofed, ...callers().taken, 'content-type': 'application/json' }
    const body = '{"name":"not bob"}'
    assert.equal((await backend.ask({ method: 'PUT', target: '/v8/self', headers, body })).status, 200)
    assert.equal((await mallory.app.self()).name, 'not bob')
    await nothingHappened()
  })

  test('after all this mallory, who may send oddities, finds a friend and talks to him', async () => {
    const { bob, mallory } = backend
    const answers = await backend.stateOf(mallory)
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    )
    await mallory.connectWith(bob)
    const conversation = await mallory.createConversation([bob])
    await mallory.send(conversation, 'no hard feelings')
    await bob.receives(conversation, 'no hard feelings')
  })
})

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
}

function anyAnswer({ what, asked }: Attempt): Attempt {
  return { what, asked }
}

function isExcused(target: Target, attack: Attack): boolean {
  return EXCEPTIONS.some((exception) => exception.endpoint === target.name && exception.attack === attack.name)
}
