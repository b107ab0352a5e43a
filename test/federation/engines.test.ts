/**
 * One suite for every engine that speaks HTTP at our door (`src/federation/ingress/`): whichever of them a peer meets,
 * what is behind the door must not be able to tell. An engine that takes the place of one of them, or stands beside
 * them, is one more line in the list and has to pass.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { WireResponse } from '#src/kit/http/wire.ts'
import type { Credential } from '#src/world/authority.ts'
import { jsonAnswer } from './fake-component.ts'
import { type Answered, type Knock, knock } from './knock.ts'
import { type Net, startNet, type TestBackend } from './net.ts'

const ENGINES: readonly NonNullable<Knock['over']>[] = ['h2', 'http/1.1']
const PATH = '/federation/galley/send-message'

for (const over of ENGINES) describe(`the engine for ${over}`, () => conforms(over))

function conforms(over: NonNullable<Knock['over']>): void {
  let net: Net
  let own: TestBackend
  let credential: Credential

  before(async () => {
    net = await startNet()
    own = await net.start({ domain: 'own.test' })
    credential = await net.authority.issue({ dnsNames: ['federator.peer.test'] })
    net.publish('peer.test', [{ host: 'federator.peer.test', port: 1 }])
  })
  after(() => net[Symbol.asyncDispose]())

  const ask = (more: Partial<Knock> = {}): Promise<Answered> =>
    knock(net, own, {
      credential,
      over,
      path: PATH,
      headers: { 'wire-origin-domain': 'peer.test' },
      body: '[]',
      ...more,
    })
  const answering = (answer: WireResponse): void => own.components.answer(() => answer)
  const bytes = (text: string): WireResponse => ({
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(text),
  })

  test('hands on a request as it came, and the body to the byte', async () => {
    answering(jsonAnswer({}))
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    const headers = { 'wire-origin-domain': 'peer.test', 'x-wire-api-version': '3', 'wire-origin-request-id': 'r-1' }
    assert.equal((await ask({ body, headers })).status, 200)
    const contact = own.components.contacts.at(-1)
    assert.deepEqual(Buffer.from(contact?.body ?? []), body)
    assert.deepEqual([contact?.component, contact?.rpc], ['galley', 'send-message'])
    assert.deepEqual([contact?.headers['x-wire-api-version'], contact?.headers['request-id']], ['3', 'r-1'])
  })

  test('hands on an empty body as an empty one', async () => {
    answering(jsonAnswer({}))
    assert.equal((await ask({ body: '' })).status, 200)
    assert.equal(own.components.contacts.at(-1)?.body.length, 0)
  })

  test('answers with bytes', async () => {
    answering(bytes('whole'))
    const { status, headers, body } = await ask()
    assert.deepEqual([status, headers['content-type'], body], [200, 'text/plain', 'whole'])
  })

  test('answers with nothing', async () => {
    answering({ status: 404, headers: {}, body: new Uint8Array(0) })
    const { status, body } = await ask()
    assert.deepEqual([status, body], [404, ''])
  })

  test('answers with a stream', async () => {
    async function* chunks() {
      for (const word of ['one ', 'two ', 'three']) yield Buffer.from(word)
    }
    answering({ status: 200, headers: { 'content-type': 'text/plain' }, body: chunks() })
    assert.equal((await ask()).body, 'one two three')
  })

  test('answers with a stream in which there is nothing', async () => {
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    answering({ status: 200, headers: { 'content-type': 'text/plain' }, body: nothing() })
    const { status, body } = await ask()
    assert.deepEqual([status, body], [200, ''])
  })

  test('passes on statuses that HTTP has no names for', async () => {
    answering(jsonAnswer({ code: 533, label: 'x', message: 'y' }, 533))
    assert.equal((await ask()).status, 533)
  })

  test('hands on method and path as they were sent, for those behind to judge', async () => {
    const refused = async (more: Partial<Knock>) => (await ask(more)).status
    const before = own.components.contacts.length
    assert.deepEqual(
      [
        await refused({ method: 'GET', body: '' }),
        await refused({ path: `${PATH}?` }),
        await refused({ path: '/federation/galley/../i/x' }),
        await refused({ path: '/federation/galley/..%2Fi' }),
        await refused({ path: '//federation/galley/x' }),
      ],
      [403, 403, 404, 400, 404],
    )
    assert.equal(own.components.contacts.length, before)
  })

  test('hears one origin only', async () => {
    const before = own.components.contacts.length
    const { status } = await ask({ headers: { 'wire-origin-domain': ['peer.test', 'victim.test'] } })
    assert.ok([200, 400].includes(status), `status ${status}`)
    const heard = own.components.contacts.slice(before).map(({ headers }) => headers['wire-origin-domain'])
    assert.ok(heard.every((origin) => origin === 'peer.test'))
  })

  test('serves the host it is for, however it is written, and no other', async () => {
    answering(jsonAnswer({}))
    const statusFor = async (authority: string) => (await ask({ authority })).status
    assert.equal(await statusFor('Federator.OWN.test.:443'), 200)
    assert.equal(await statusFor('www.own.test'), 421)
  })

  test('answers those without certificate 400, whatever they send', async () => {
    const before = own.components.contacts.length
    const { status } = await knock(net, own, {
      over,
      path: PATH,
      headers: { 'wire-origin-domain': 'peer.test' },
      body: '[]',
    })
    assert.equal(status, 400)
    assert.equal(own.components.contacts.length, before)
  })

  test('does not take headers without bound', async () => {
    const before = own.components.contacts.length
    const headers = { 'wire-origin-domain': 'peer.test', 'x-large': 'x'.repeat(48 * 1024) }
    assert.equal((await ask({ headers })).status, 431)
    assert.equal(own.components.contacts.length, before)
  })

  test('answers many at once, each with its own', async () => {
    own.components.answer(({ body }) => bytes(Buffer.from(body).toString()))
    const texts = Array.from({ length: 50 }, (_, index) => `[${index}]`)
    const answers = await Promise.all(texts.map((body) => ask({ body })))
    assert.deepEqual(
      answers.map(({ body }) => body),
      texts,
    )
  })
}
