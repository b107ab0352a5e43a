/**
 * hardening.md §2 on the door: during each attack of a peer with a good certificate, another peer goes on being served,
 * and what was refused reaches no component.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { withDeadline } from '#src/kit/deadline.ts'
import { systemClock } from '#src/kit/clock.ts'
import type { Credential } from '#src/world/authority.ts'
import { until } from '#test/federation/fake-peer.ts'
import { shakeHands, tlsOptions } from '#test/federation/knock.ts'
import { type IngressKind, type Net, startNet, type TestBackend } from '#test/federation/net.ts'
import { nginxExecutable } from '#test/federation/nginx.ts'
import { rawHttp1, rawHttp2 } from '#test/federation/raw-http2.ts'
import { type Attack, ATTACKS } from './http2-attacks.ts'
import { DOWNGRADES, framesOf, SMUGGLED, SMUGGLING } from './smuggling.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

describe('the built-in ingress', () => tryAll('builtin'))
describe('nginx with the printed configuration', { skip: withoutNginx, tags: ['nginx'] }, () => tryAll('nginx'))

const SERVED_MIN = 20
const SERVED_WITHIN_MS = 60_000
const MEMORY_GROWTH_BYTES_MAX = 128 * 1024 * 1024

function tryAll(kind: Exclude<IngressKind, 'split'>): void {
  let net: Net
  let own: TestBackend
  let credential: Credential
  let healthy: ClientHttp2Session

  before(async () => {
    net = await startNet()
    own = await net.start({ domain: 'own.test', ingress: kind })
    net.publish('peer.test', [{ host: 'federator.peer.test', port: 1 }])
    net.publish('hostile.test', [{ host: 'federator.hostile.test', port: 1 }])
    credential = await net.authority.issue({ dnsNames: ['federator.hostile.test'] })
    const good = await net.authority.issue({ dnsNames: ['federator.peer.test'] })
    const socket = await shakeHands(tlsOptions(net, own, { credential: good }))
    healthy = connect(`https://${own.infraDomain}`, { createConnection: () => socket })
  })
  after(() => {
    healthy.destroy()
    return net[Symbol.asyncDispose]()
  })

  const headOf = (origin: string, path = '/federation/brig/x') => ({
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': own.infraDomain,
    ':path': path,
    'wire-origin-domain': origin,
  })

  const ask = async (): Promise<number> => {
    const stream = healthy.request(headOf('peer.test'))
    stream.end('[]')
    stream.resume()
    const [headers] = await once(stream, 'response')
    return headers[':status']
  }

  /** The other peer is answered before, while and after the attack goes on. */
  const whileServed = async (attack: () => Promise<unknown>): Promise<void> => {
    const over = new AbortController()
    const attacked = attack().finally(() => over.abort())
    const serve = async (): Promise<void> => {
      for (let served = 0; !over.signal.aborted || served < SERVED_MIN; served++) assert.equal(await ask(), 200)
    }
    await Promise.all([withDeadline(serve(), SERVED_WITHIN_MS, 'serving the other peer'), attacked])
  }

  const perform = async ({ connections = 1, over = 'h2', run }: Attack, stack: DisposableStack) => {
    const open = over === 'h2' ? rawHttp2 : rawHttp1
    const raws = await Promise.all(Array.from({ length: connections }, () => open(net, own, credential)))
    for (const raw of raws) stack.use(raw)
    await Promise.all(raws.map((raw) => run(raw, headOf('hostile.test'))))
    return raws
  }

  for (const attack of ATTACKS) {
    test(`${attack.name}: others are served`, async () => {
      using stack = new DisposableStack()
      const before = process.memoryUsage().rss
      let raws: Awaited<ReturnType<typeof perform>> = []
      await whileServed(async () => (raws = await perform(attack, stack)))
      if (attack.isEndedBy.includes(kind)) {
        for (const raw of raws) raw.socket.resume()
        await until(() => raws.every((raw) => raw.isClosed), 'the attacker is hung up on')
      }
      assert.ok(process.memoryUsage().rss - before < MEMORY_GROWTH_BYTES_MAX, 'memory stays bounded')
    })
  }

  const smuggled = () => own.components.contacts.filter(({ rpc }) => rpc === SMUGGLED).length

  for (const { name, bytes } of SMUGGLING) {
    test(`request smuggling over HTTP/1.1, ${name}: nothing gets in behind`, async () => {
      using raw = await rawHttp1(net, own, credential)
      await raw.send(Buffer.from(bytes(own.infraDomain), 'latin1'))
      await whileServed(async () => settles(() => raw.received().length))
      assert.equal(smuggled(), 0)
    })
  }

  for (const { name, path, ...request } of DOWNGRADES) {
    test(`request smuggling from HTTP/2 to HTTP/1.1, ${name}: nothing gets in behind`, async () => {
      using raw = await rawHttp2(net, own, credential)
      await raw.send(...framesOf(headOf('hostile.test', path), request))
      await whileServed(async () => settles(() => raw.received().length))
      assert.equal(smuggled(), 0)
      const forged = own.components.contacts.filter(({ headers }) => 'x-forged' in headers)
      assert.deepEqual(forged, [])
    })
  }
}

/** Nothing more comes. */
const settles = async (value: () => number): Promise<void> => {
  let [before, quiet] = [-1, 0]
  while (quiet < 3) {
    quiet = value() === before ? quiet + 1 : 0
    before = value()
    await systemClock.sleep(30)
  }
}
