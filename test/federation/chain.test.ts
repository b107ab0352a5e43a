/** Two backends, the whole way: component, federator, ingress, federator, component. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAll } from '#src/kit/http/wire.ts'
import { federatorOverHttp } from '#src/rpc/federator-over-http.ts'
import { callPeer } from './calling.ts'
import { jsonAnswer } from './fake-component.ts'
import { type IngressKind, startNet } from './net.ts'
import { nginxExecutable } from './nginx.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

describe('through the built-in ingress', () => tryThrough('builtin'))
describe('through the built-in ingress in a process of its own', () => tryThrough('split'))
describe('through nginx', { skip: withoutNginx }, () => tryThrough('nginx'))

function tryThrough(ingress: IngressKind): void {
  test('what one component asks another one answers', async () => {
    await using net = await startNet()
    const alpha = await net.start({ domain: 'alpha.test' })
    const beta = await net.start({ domain: 'beta.test', ingress })
    beta.components.answer(({ component, rpc, headers, body }) =>
      jsonAnswer({
        component,
        rpc,
        origin: headers['wire-origin-domain'],
        body: JSON.parse(Buffer.from(body).toString()),
      }),
    )
    const { status, text } = await callPeer(alpha, 'beta.test', {
      component: 'galley',
      rpc: 'on-message-sent',
      body: Buffer.from('{"a":"ä"}'),
    })
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), {
      component: 'galley',
      rpc: 'on-message-sent',
      origin: 'alpha.test',
      body: { a: 'ä' },
    })
  })

  test('what one federator denies the other side is told as the inner error', async () => {
    await using net = await startNet()
    const alpha = await net.start({ domain: 'alpha.test' })
    await net.start({ domain: 'beta.test', ingress, remotes: { strategy: 'allowNone', remotes: [] } })
    const { status, json } = await callPeer(alpha, 'beta.test')
    assert.deepEqual([status, json?.label], [533, 'federation-remote-error'])
    assert.deepEqual([json?.inner?.code, json?.inner?.label], [400, 'federation-denied'])
  })

  test('a claim to be another backend is refused on the other side', async () => {
    await using net = await startNet()
    const alpha = await net.start({ domain: 'alpha.test' })
    const beta = await net.start({ domain: 'beta.test', ingress })
    await net.start({ domain: 'gamma.test' })
    const { json } = await callPeer(alpha, 'beta.test', { headers: { 'wire-origin-domain': 'gamma.test' } })
    assert.equal(json?.inner?.label, 'authentication-failure')
    assert.equal(beta.components.contacts.length, 0)
  })

  test('a certificate for servers only is refused with status 400, which the caller is told', async () => {
    await using net = await startNet()
    const certificate = { dnsNames: ['federator.alpha.test'], purposes: ['serverAuth'] } as const
    const alpha = await net.start({ domain: 'alpha.test', certificate })
    const beta = await net.start({ domain: 'beta.test', ingress })
    const { status, json } = await callPeer(alpha, 'beta.test')
    assert.deepEqual([status, json?.inner?.code], [533, 400])
    assert.equal(beta.components.contacts.length, 0)
  })

  test('a hundred calls at once, of which each gets its own answer', async () => {
    await using net = await startNet()
    const alpha = await net.start({ domain: 'alpha.test' })
    const beta = await net.start({ domain: 'beta.test', ingress })
    beta.components.answer(({ body }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body }))
    const bodies = Array.from({ length: 100 }, (_, index) =>
      JSON.stringify({ index, padding: 'x'.repeat(index * 300) }),
    )
    const answers = await Promise.all(bodies.map((body) => callPeer(alpha, 'beta.test', { body: Buffer.from(body) })))
    assert.deepEqual(
      answers.map(({ text }) => text),
      bodies,
    )
  })

  test('ten megabytes go and come back, also through the port for components', async () => {
    await using net = await startNet()
    const alpha = await net.start({ domain: 'alpha.test' })
    const beta = await net.start({ domain: 'beta.test', ingress })
    beta.components.answer(({ body }) => ({
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      body,
    }))
    const body = Buffer.alloc(10 * 1024 * 1024, 'comity')
    const overHttp = federatorOverHttp(alpha.federator.outward.listener.url)
    const headers = { 'wire-origin-domain': alpha.domain }
    const response = await overHttp.send({ domain: beta.domain, component: 'cargohold', rpc: 'echo', headers, body })
    const echoed = await readAll(response.body)
    await overHttp[Symbol.asyncDispose]()
    assert.equal(response.status, 200)
    assert.ok(body.equals(echoed))
  })
}
