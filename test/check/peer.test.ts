/** `comity check DOMAIN`: real peers with one fault each, and every fault is named. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { test } from 'node:test'
import { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority, selfSigned } from '#src/world/authority.ts'
import { startFakePeer } from '#test/federation/fake-peer.ts'
import { type Net, startNet } from '#test/federation/net.ts'
import {
  closedPort,
  configure,
  namesOf,
  onlyFailure,
  publishAlpha,
  startBrig,
  startPeer,
  stepsTo,
  type Setup,
} from './checking.ts'

const HOST = 'federator.beta.test'
const STEPS = [
  'configuration',
  'own certificate',
  'policy',
  'srv',
  'addresses',
  'tcp',
  'tls',
  'certificate names',
  'certificate purpose',
  'certificate expiry',
  'certificate chain',
  'http2',
  'api-version',
  'clock',
]
const after = (name: string): readonly string[] => STEPS.slice(STEPS.indexOf(name) + 1)

const HOUR_MS = 3_600_000
const ago = (hours: number): Date => new Date(systemClock.now().getTime() - hours * HOUR_MS)

const checkFromAlpha = async (net: Net, setup: Partial<Setup> = {}) =>
  stepsTo('beta.test', await configure(net, { domain: 'alpha.test', ...setup }))

test('of a healthy peer every step is good', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const beta = await startPeer(net)
  const steps = await checkFromAlpha(net)
  assert.deepEqual(namesOf('ok', steps), STEPS)
  assert.equal(steps.find(({ name }) => name === 'api-version')?.data?.['version'], 3)
  assert.deepEqual(
    beta.components.contacts.map(({ rpc }) => rpc),
    ['api-version'],
  )
})

test('a peer without SRV record', async () => {
  await using net = await startNet()
  net.dns.setZone({ origin: 'beta.test', records: [] })
  const steps = await checkFromAlpha(net)
  const { name, text } = onlyFailure(steps)
  assert.equal(name, 'srv')
  assert.match(
    text,
    /no SRV record _wire-server-federator\._tcp\.beta\.test[^]*IN SRV 0 10 443 federator\.beta\.test\./,
  )
  assert.deepEqual(namesOf('not-tried', steps), after('srv'))
})

test('a target without address', async () => {
  await using net = await startNet()
  net.publish('beta.test', [{ host: HOST, port: 443 }])
  net.dns.setZone({ origin: HOST, records: [] })
  const steps = await checkFromAlpha(net)
  assert.match(onlyFailure(steps).text, /federator\.beta\.test has no address/)
  assert.deepEqual(namesOf('not-tried', steps), after('addresses'))
})

test('a target that lies where we must not go is not connected to', async () => {
  await using net = await startNet()
  const beta = await startFakePeer(net, { domain: 'beta.test' })
  await using _beta = beta
  const steps = await checkFromAlpha(net, { allowedAddresses: ['public'] })
  const { name, text } = onlyFailure(steps)
  assert.equal(name, 'addresses')
  assert.match(text, /127\.0\.0\.1 is not among the allowed[^]*federation\.peerAddresses/)
  assert.equal(beta.connections.length, 0)
})

test('a peer that cannot be reached', async () => {
  await using net = await startNet()
  net.publish('beta.test', [{ host: HOST, port: await closedPort() }])
  const steps = await checkFromAlpha(net)
  const { name, text } = onlyFailure(steps)
  assert.equal(name, 'tcp')
  assert.match(text, /cannot be connected to on port \d+[^]*connection refused/)
  assert.deepEqual(namesOf('not-tried', steps), after('tcp'))
})

const listenPlainly = async (server: Server): Promise<AsyncDisposable & { readonly port: number }> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() }
}

test('a peer that says nothing keeps nobody waiting for ever', async () => {
  await using net = await startNet()
  await using silent = await listenPlainly(createServer((socket) => socket.on('error', () => {}).unref()))
  net.publish('beta.test', [{ host: HOST, port: silent.port }])
  const { name, text } = onlyFailure(await checkFromAlpha(net, { connectTimeoutMs: 200 }))
  assert.equal(name, 'tls')
  assert.match(text, /accepts connections and says nothing/)
})

test('something on the port that does not speak TLS', async () => {
  await using net = await startNet()
  await using web = await listenPlainly(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  net.publish('beta.test', [{ host: HOST, port: web.port }])
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'tls')
  assert.match(text, /does not speak TLS[^]*port of the SRV record/)
})

test('a peer without HTTP/2', async () => {
  await using net = await startNet()
  const { chainPem: cert, keyPem: key } = await net.authority.issue({ dnsNames: [HOST] })
  await using old = await listenPlainly(createTlsServer({ cert, key, ALPNProtocols: ['http/1.1'] }))
  net.publish('beta.test', [{ host: HOST, port: old.port }])
  assert.match(onlyFailure(await checkFromAlpha(net)).text, /does not offer HTTP\/2/)
})

test('a certificate for another name, even if its common name fits', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net, { certificate: { commonName: HOST, dnsNames: ['www.beta.test'] } })
  const steps = await checkFromAlpha(net)
  const { name, text } = onlyFailure(steps)
  assert.equal(name, 'certificate names')
  assert.match(text, /does not name federator\.beta\.test[^]*only www\.beta\.test[^]*operator of beta\.test/)
  assert.deepEqual(namesOf('not-tried', steps), [])
})

test('a certificate that has expired', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net, { certificate: { dnsNames: [HOST], notBefore: ago(2_000), notAfter: ago(75) } })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'certificate expiry')
  assert.match(text, /expired 3 days ago/)
})

test('a certificate of an authority that we do not trust', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const stranger = await createAuthority('Strange Authority', systemClock)
  await startPeer(net, { credential: await stranger.issue({ dnsNames: [HOST] }) })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'certificate chain')
  assert.match(text, /“CN=Strange Authority” is neither trusted nor shown[^]*federation\.tls\.caFile/)
})

test('an authority that merely bears the name of ours', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const impostor = await createAuthority('Test Authority', systemClock)
  await startPeer(net, { credential: await impostor.issue({ dnsNames: [HOST] }) })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'certificate chain')
  assert.match(text, /with another key under that name/)
})

test('a certificate that vouches for itself', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net, { credential: await selfSigned({ dnsNames: [HOST] }, systemClock) })
  assert.match(onlyFailure(await checkFromAlpha(net)).text, /signed by itself/)
})

test('a server certificate for clients only', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net, { certificate: { dnsNames: [HOST], purposes: ['clientAuth'] } })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'certificate purpose')
  assert.match(text, /no serverAuth, only clientAuth/)
})

test('all faults of one certificate are named, not only the first', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const stranger = await createAuthority('Strange Authority', systemClock)
  const request = { dnsNames: ['www.beta.test'], notBefore: ago(2_000), notAfter: ago(50) }
  await startPeer(net, { credential: await stranger.issue({ ...request, purposes: ['clientAuth'] }) })
  const steps = await checkFromAlpha(net)
  assert.deepEqual(
    namesOf('failed', steps),
    STEPS.filter((name) => name.startsWith('certificate')),
  )
  assert.equal(steps.at(-1)?.name, 'clock')
})

test('a peer that our policy blocks, while all the rest is well', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const { name, text } = onlyFailure(await checkFromAlpha(net, { remotes: ['gamma.test'] }))
  assert.equal(name, 'policy')
  assert.match(text, /beta\.test is not listed[^]*comity\.yaml alone[^]*federation\.remotes: add \{ domain: beta\.test/)
})

test('the running backend knows better than the file whom we federate with', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const gamma = { domain: 'gamma.test', search_policy: 'full_search' }
  const known = RemoteConfigs.parse({ strategy: 'allowDynamic', remotes: [gamma], update_interval: 10 })
  await using brig = await startBrig(known)
  const { name, text } = onlyFailure(await checkFromAlpha(net, { brigPort: brig.port }))
  assert.equal(name, 'policy')
  assert.match(text, /read from the running backend/)
})

test('a backend that does not run is taken by its file', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const steps = await checkFromAlpha(net, { brigPort: await closedPort() })
  const policy = steps.find(({ name }) => name === 'policy')
  assert.equal(policy?.verdict, 'ok')
  assert.match(policy.details?.join() ?? '', /comity\.yaml alone, because the running backend could not be asked/)
})

test('a peer whose policy blocks us', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net, { remotes: { strategy: 'allowNone', remotes: [] } })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'api-version')
  assert.match(text, /policy of beta\.test does not allow alpha\.test[^]*list alpha\.test among the remotes/)
})

test('a peer that does not find us in DNS', async () => {
  await using net = await startNet()
  net.dns.setZone({ origin: 'alpha.test', records: [] })
  await startPeer(net)
  assert.match(
    onlyFailure(await checkFromAlpha(net)).text,
    /finds no SRV record of alpha\.test[^]*in our DNS: _wire-server-federator\._tcp\.alpha\.test\./,
  )
})

test('a client certificate of ours that names somebody else', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const credential = await net.authority.issue({ dnsNames: ['www.alpha.test'] })
  assert.match(onlyFailure(await checkFromAlpha(net, { credential })).text, /our client certificate names no target/)
})

test('a client certificate of ours that is for servers only is the cause of a 400', async () => {
  await using net = await startNet()
  publishAlpha(net)
  await startPeer(net)
  const credential = await net.authority.issue({ dnsNames: ['federator.alpha.test'], purposes: ['serverAuth'] })
  const { name, text } = onlyFailure(await checkFromAlpha(net, { credential }))
  assert.equal(name, 'api-version')
  assert.match(text, /does not accept our client certificate[^]*no clientAuth, only serverAuth/)
})

test('a peer that hangs up when it does not like our certificate', async () => {
  await using net = await startNet()
  await using _beta = await startFakePeer(net, { domain: 'beta.test' })
  const stranger = await createAuthority('Strange Authority', systemClock)
  const credential = await stranger.issue({ dnsNames: ['federator.alpha.test'] })
  const { name, text } = onlyFailure(await checkFromAlpha(net, { credential }))
  assert.equal(name, 'http2')
  assert.match(text, /no HTTP\/2 came: the other end hung up[^]*does not like our certificate/)
})

test('a peer whose clock is an hour ahead', async () => {
  await using net = await startNet()
  const date = ago(-1).toUTCString()
  await using _beta = await startFakePeer(net, {
    domain: 'beta.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json', date })
      stream.end('{"supported":[0,1],"supported_versions":[3]}')
    },
  })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'clock')
  assert.match(text, /ours is 3\d\d\d\.\d s behind theirs/)
})

test('an endless answer is not read to its end', async () => {
  await using net = await startNet()
  await using _beta = await startFakePeer(net, {
    domain: 'beta.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      stream.write(Buffer.alloc(200_000, ' '))
    },
  })
  const { name, text } = onlyFailure(await checkFromAlpha(net))
  assert.equal(name, 'api-version')
  assert.match(text, /larger than/)
})

test('of two targets the broken one is found, and the other one is well', async () => {
  await using net = await startNet()
  publishAlpha(net)
  const beta = await startPeer(net)
  const spare = { host: 'spare.beta.test', port: await closedPort(), priority: 5 }
  net.publish('beta.test', [{ host: HOST, port: beta.ingress.port }, spare])
  const steps = await checkFromAlpha(net)
  const failure = steps.find(({ verdict }) => verdict === 'failed')
  assert.deepEqual([failure?.name, failure?.about], ['tcp', `spare.beta.test:${spare.port}`])
  assert.deepEqual(
    steps.filter(({ about }) => about === `${HOST}:${beta.ingress.port}`).map(({ verdict }) => verdict),
    after('srv').map(() => 'ok'),
  )
})
