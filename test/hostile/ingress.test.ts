import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Net, startNet, type IngressKind, type TestBackend, ALLOW_ALL } from '#test/federation/net.ts'
import { type Answered, knock } from '#test/federation/knock.ts'
import { nginxExecutable } from '#test/federation/nginx.ts'
import { type Callers, issueCallers, PEER, PEER_HOST, SECOND_HOST } from './callers.ts'
import { ACCEPTED, REFUSED, type Row } from './ingress-table.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

describe('the built-in ingress in the process of the federator', () => tryAll('builtin'))
describe('the built-in ingress in a process of its own', () => tryAll('split'))
describe('nginx with the printed configuration', { skip: withoutNginx, tags: ['nginx'] }, () => tryAll('nginx'))

function tryAll(kind: IngressKind): void {
  let net: Net
  let backend: TestBackend
  let callers: Callers

  before(async () => {
    net = await startNet()
    callers = await issueCallers(net.authority)
    backend = await net.start({ domain: 'own.test', ingress: kind })
    net.publish(PEER, [
      { host: PEER_HOST, port: 1 },
      { host: `${SECOND_HOST}.`, port: 1 },
    ])
    net.publish('mallory.test', [{ host: 'another.mallory.test', port: 1 }])
    net.publish('root.test', [{ host: '.', port: 1 }])
    net.dns.setZone({
      origin: 'silent.test',
      records: [{ type: 'A', name: '_tcp.silent.test', address: '127.0.0.1' }],
      negativeTtl: 0,
    })
  })
  after(() => net[Symbol.asyncDispose]())

  const attempt = async (row: Row): Promise<{ answered: Answered; contacts: number }> => {
    backend.remotes = row.remotes ?? ALLOW_ALL
    const before = backend.components.contacts.length
    const answered = await knock(net, backend, toKnock(row, callers))
    return { answered, contacts: backend.components.contacts.length - before }
  }

  for (const row of REFUSED) {
    const expected = { status: row.status, label: row.label, ...(kind === 'nginx' && row.onNginx) }
    test(`refuses ${row.name}`, async () => {
      const { answered, contacts } = await attempt(row)
      assert.deepEqual({ status: answered.status, label: answered.label }, expected)
      assert.equal(contacts, 0)
    })
  }

  for (const row of ACCEPTED) {
    test(`accepts ${row.name}`, async () => {
      const { answered, contacts } = await attempt(row)
      assert.deepEqual({ status: answered.status, contacts }, { status: 200, contacts: 1 })
    })
  }
}

const toKnock = (row: Row, callers: Callers) => {
  const origin = 'origin' in row ? row.origin : PEER
  const spoofed = (row.spoofed ?? []).map((name) => [name, encodeURIComponent(callers.good.certificatePem)])
  return {
    credential: row.caller === 'nobody' ? undefined : callers[row.caller ?? 'good'],
    path: row.path ?? '/',
    body: row.body ?? '[]',
    headers: {
      ...(origin !== undefined && { 'wire-origin-domain': origin }),
      ...Object.fromEntries(spoofed),
      ...row.headers,
    },
    ...(row.method !== undefined && { method: row.method }),
    ...(row.over !== undefined && { over: row.over }),
    ...(row.authority !== undefined && { authority: row.authority }),
  }
}
