import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig, parseConfig } from './config.ts'

const MINIMAL = 'domain: alpha.test\ninfraDomain: federator.alpha.test\ndataDirectory: data\n'

test('a minimal file gets the documented defaults', () => {
  const config = parseConfig('comity.yaml', MINIMAL)
  assert.equal(config.listen.gateway.host, '127.0.0.1')
  assert.equal(config.federation, undefined)
  assert.equal(config.development.headlessCode, undefined)
  assert.equal(config.development.insecureCookies, false)
})

test('unknown keys and all other problems are reported together', () => {
  const text = 'domain: -bad-\ndataDirectory: data\nlisten: {gateway: {prot: 1}}\ncolour: red\n'
  assert.throws(
    () => parseConfig('comity.yaml', text),
    (error) => {
      assert.ok(error instanceof ConfigError)
      for (const part of ['domain:', 'infraDomain:', 'listen.gateway:', 'prot', 'colour']) {
        assert.ok(error.message.includes(part), `${part} is missing in: ${error.message}`)
      }
      return true
    },
  )
})

test('a file that is no YAML says where it breaks', () => {
  assert.throws(() => parseConfig('comity.yaml', 'a: [1'), /line 1/)
})

test('a loaded configuration is frozen, absolute, and takes the database from the environment', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'comity-config-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'comity.yaml')
  const waking = { gatewayUrl: 'https://push.test/wake', secretFile: 'push-secret' }
  await writeFile(file, `${MINIMAL}notifications: ${JSON.stringify({ nativePush: waking })}\n`)
  const config = await loadConfig(file, { DATABASE_URL: 'postgres://db.test/comity' })
  assert.equal(config.dataDirectory, path.join(folder, 'data'))
  assert.equal(config.notifications.nativePush?.secretFile, path.join(folder, 'push-secret'))
  assert.equal(config.database.url, 'postgres://db.test/comity')
  assert.throws(() => Object.assign(config.listen, { gateway: 1 }), TypeError)
})

test('a file that does not exist is named', async () => {
  await assert.rejects(loadConfig('/nonexistent/comity.yaml'), /nonexistent.*cannot be read/s)
})

const FEDERATING = `${MINIMAL}federation:
  tls: {certificateFile: a, privateKeyFile: b}
  ingress: {certificateFile: a, privateKeyFile: b, clientCaFile: c}
`

test('peers lie at public addresses unless the file says otherwise, in words or in networks', () => {
  const addresses = (more = '') => parseConfig('comity.yaml', FEDERATING + more).federation?.peerAddresses
  assert.deepEqual(addresses(), { allowed: ['public'], perRemote: [] })
  const networks = ['private', '10.1.0.0/16', 'fd00:1::/32']
  assert.deepEqual(addresses(`  peerAddresses: {allowed: ${JSON.stringify(networks)}}\n`)?.allowed, networks)
  for (const wrong of ['everything', '10.1.0.1', '10.1.0.0/33', '010.1.0.0/16']) {
    assert.throws(() => addresses(`  peerAddresses: {allowed: ['${wrong}']}\n`), ConfigError)
  }
})
