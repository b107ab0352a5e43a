import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { type WorldLayout, worldLayout } from './layout.ts'
import { CERTIFICATE_LIFETIME_MS } from './limits.ts'
import { ensureCredentials } from './world-authority.ts'

test('a certificate is made once, and of the same authority for a backend that comes later', async (t) => {
  const layout = await temporaryLayout(t)
  const clock = testClock()
  await ensureCredentials(layout, ['a.test'], clock)
  const before = await certificateOf(layout, 'a.test')
  await ensureCredentials(layout, ['a.test', 'b.test'], clock)

  assert.equal((await certificateOf(layout, 'a.test')).serialNumber, before.serialNumber)
  const authority = new X509Certificate(await readFile(layout.authorityFile))
  const later = await certificateOf(layout, 'b.test')
  assert.ok(later.verify(authority.publicKey))
  assert.equal(later.checkHost('federator.b.test', { subject: 'never' }), 'federator.b.test')
})

test('a certificate that ends soon is replaced, the authority stays', async (t) => {
  const layout = await temporaryLayout(t)
  const clock = testClock()
  await ensureCredentials(layout, ['a.test'], clock)
  const before = await certificateOf(layout, 'a.test')
  const authority = await readFile(layout.authorityFile, 'utf8')
  await clock.advance(CERTIFICATE_LIFETIME_MS - 24 * 60 * 60_000)
  await ensureCredentials(layout, ['a.test'], clock)

  assert.notEqual((await certificateOf(layout, 'a.test')).serialNumber, before.serialNumber)
  assert.equal(await readFile(layout.authorityFile, 'utf8'), authority)
})

async function certificateOf(layout: WorldLayout, domain: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(layout.backend(domain).certificateFile))
}

async function temporaryLayout(t: TestContext): Promise<WorldLayout> {
  const directory = await mkdtemp(join(tmpdir(), 'comity-world-'))
  t.after(() => rm(directory, { recursive: true }))
  return worldLayout(directory)
}
