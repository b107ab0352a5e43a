/** `comity check --self`: ourselves with one fault each, as a peer would see it. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { systemClock } from '#src/kit/clock.ts'
import { type CertificateRequest, createAuthority, type Credential } from '#src/world/authority.ts'
import { startFakePeer } from '#test/federation/fake-peer.ts'
import { type IngressKind, type Net, startNet, type TestBackend } from '#test/federation/net.ts'
import { nginxExecutable } from '#test/federation/nginx.ts'
import { closedPort, configure, namesOf, onlyFailure, stepsToSelf } from './checking.ts'

const HOST = 'federator.alpha.test'
const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

/** Alpha runs, and has the certificates that its file says. */
const startAlpha = async (
  net: Net,
  { ingress = 'builtin', ...request }: Partial<CertificateRequest> & { ingress?: IngressKind } = {},
): Promise<{ readonly alpha: TestBackend; readonly configFile: string }> => {
  const credential = await net.authority.issue({ dnsNames: [HOST], ...request })
  const alpha = await net.start({ domain: 'alpha.test', credential, ingress })
  const configFile = await configure(net, { domain: 'alpha.test', credential, ingressPort: alpha.ingress.port })
  return { alpha, configFile }
}

const isHealthy = async (ingress: IngressKind): Promise<void> => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net, { ingress })
  const steps = await stepsToSelf(configFile)
  assert.deepEqual(namesOf('failed', steps), [])
  assert.deepEqual(namesOf('not-tried', steps), [])
  // Everything is on this machine, which no stranger connects to.
  assert.deepEqual(namesOf('warning', steps), ['addresses'])
  assert.equal(steps.at(-1)?.name, 'no certificate')
}

test('a healthy backend is as it should be, with the built-in ingress', () => isHealthy('builtin'))
test('a healthy backend is as it should be, with nginx', { skip: withoutNginx, tags: ['nginx'] }, () =>
  isHealthy('nginx'),
)

test('without an SRV record we are nowhere, and the ingress is looked for inside', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net)
  net.dns.setZone({ origin: 'alpha.test', records: [] })
  const steps = await stepsToSelf(configFile)
  assert.equal(onlyFailure(steps).name, 'srv')
  assert.match(onlyFailure(steps).text, /IN SRV 0 10 \d+ federator\.alpha\.test\./)
  assert.equal(steps.at(-1)?.name, 'no certificate')
  assert.match(steps.at(-1)?.about ?? '', /^listen\.ingress/)
})

test('an SRV record that leads to a host that our ingress does not serve', async () => {
  await using net = await startNet()
  const { alpha, configFile } = await startAlpha(net, { dnsNames: [HOST, 'www.alpha.test'] })
  net.publish('alpha.test', [{ host: 'www.alpha.test', port: alpha.ingress.port }])
  const { name, text } = onlyFailure(await stepsToSelf(configFile))
  assert.equal(name, 'srv')
  assert.match(text, /our ingress serves federator\.alpha\.test only[^]*421[^]*infraDomain: www\.alpha\.test/)
})

test('a certificate for servers only is no client certificate', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net, { purposes: ['serverAuth'] })
  const { name, text } = onlyFailure(await stepsToSelf(configFile))
  assert.equal(name, 'client purpose')
  assert.match(text, /no clientAuth, only serverAuth[^]*400[^]*federation\.tls\.certificateFile/)
})

test('a certificate for clients only is none for the ingress', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net, { purposes: ['clientAuth'] })
  const { name, text } = onlyFailure(await stepsToSelf(configFile))
  assert.equal(name, 'ingress purpose')
  assert.match(text, /federation\.ingress\.certificateFile/)
})

test('certificates that name somebody else, on both sides', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net, { commonName: HOST, dnsNames: ['www.alpha.test'] })
  assert.deepEqual(namesOf('failed', await stepsToSelf(configFile)), ['ingress names', 'client names'])
})

test('certificates that have expired, on both sides', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net, { notAfter: new Date(systemClock.now().getTime() - 1_000) })
  assert.deepEqual(namesOf('failed', await stepsToSelf(configFile)), ['ingress expiry', 'client expiry'])
})

test('certificates of an authority that nobody here knows are worth a look', async () => {
  await using net = await startNet()
  const own = await createAuthority('Our Own Authority', systemClock)
  const credential = await own.issue({ dnsNames: [HOST] })
  const alpha = await net.start({ domain: 'alpha.test', credential })
  const configFile = await configure(net, { domain: 'alpha.test', credential, ingressPort: alpha.ingress.port })
  const steps = await stepsToSelf(configFile)
  assert.deepEqual(namesOf('failed', steps), [])
  assert.deepEqual(namesOf('warning', steps), ['ingress chain', 'client chain', 'addresses'])
})

test('an intermediate between us and the authority is worth a look for the client certificate', async () => {
  await using net = await startNet()
  const middle = await net.authority.intermediate('Middle')
  const credential = await middle.issue({ dnsNames: [HOST] })
  const alpha = await net.start({ domain: 'alpha.test', credential })
  const configFile = await configure(net, { domain: 'alpha.test', credential, ingressPort: alpha.ingress.port })
  const steps = await stepsToSelf(configFile)
  assert.deepEqual(namesOf('warning', steps), ['client chain', 'addresses'])
  assert.match(steps.find(({ name }) => name === 'client chain')?.change ?? '', /verification depth 2/)
})

test('a key that does not belong to its certificate', async () => {
  await using net = await startNet()
  const { configFile } = await startAlpha(net)
  const other = await net.authority.issue({ dnsNames: [HOST] })
  const config: unknown = parse(await readFile(configFile, 'utf8'))
  const { privateKeyFile } = (config as { federation: { tls: { privateKeyFile: string } } }).federation.tls
  await writeFile(privateKeyFile, other.keyPem)
  const steps = await stepsToSelf(configFile)
  assert.deepEqual(namesOf('failed', steps), ['ingress files', 'client files'])
  assert.match(steps.find(({ name }) => name === 'client files')?.fact ?? '', /does not belong to the certificate/)
  const said = JSON.stringify(steps)
  assert.equal(said.includes('PRIVATE KEY'), false)
})

test('an ingress that is there, but not where DNS says', async () => {
  await using net = await startNet()
  const { alpha, configFile } = await startAlpha(net)
  net.publish('alpha.test', [{ host: HOST, port: await closedPort() }])
  const steps = await stepsToSelf(configFile)
  assert.equal(onlyFailure(steps).name, 'tcp')
  const inside = steps.filter(({ about }) => about === `listen.ingress 127.0.0.1 port ${alpha.ingress.port}`)
  assert.deepEqual(
    inside.map(({ name, verdict }) => [name, verdict]),
    ['tcp', 'tls', 'shown certificate', 'http2', 'no certificate'].map((name) => [name, 'ok']),
  )
})

const playIngress = async (net: Net, shown: Credential, tls: { requestCert: boolean; rejectUnauthorized: boolean }) => {
  const ingress = await startFakePeer(net, { domain: 'alpha.test', credential: shown, tls })
  return ingress
}

test('an ingress with another certificate than the file has', async () => {
  await using net = await startNet()
  const { alpha } = await startAlpha(net)
  const configFile = await configure(net, { domain: 'alpha.test', ingressPort: alpha.ingress.port })
  const { name, text } = onlyFailure(await stepsToSelf(configFile))
  assert.equal(name, 'shown certificate')
  assert.match(text, /it is not the one of .*own\.crt\.pem[^]*nginx -s reload/)
})

test('an ingress that lets in who has no certificate', async () => {
  await using net = await startNet()
  const credential = await net.authority.issue({ dnsNames: [HOST] })
  await using _open = await playIngress(net, credential, { requestCert: false, rejectUnauthorized: false })
  const configFile = await configure(net, { domain: 'alpha.test', credential })
  const { name, text } = onlyFailure(await stepsToSelf(configFile))
  assert.equal(name, 'no certificate')
  assert.match(text, /answered 200, not 400[^]*lets anybody speak for any domain/)
})

test('a configuration without federation', async () => {
  await using net = await startNet()
  const configFile = await configure(net, { domain: 'alpha.test' })
  const { federation: _left, ...rest } = parse(await readFile(configFile, 'utf8')) as Record<string, unknown>
  await writeFile(configFile, stringify(rest))
  assert.match(onlyFailure(await stepsToSelf(configFile)).text, /has no section federation/)
})
