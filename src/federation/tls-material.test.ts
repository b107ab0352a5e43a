import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority } from '#src/world/authority.ts'
import { loadTlsMaterial } from './tls-material.ts'

const directory = await mkdtemp(join(tmpdir(), 'comity-tls-'))
after(() => rm(directory, { recursive: true }))
const authority = await createAuthority('Test Authority', systemClock)
const one = await authority.issue({ dnsNames: ['one.test'] })
const other = await authority.issue({ dnsNames: ['other.test'] })

const write = async (name: string, text: string): Promise<string> => {
  const file = join(directory, name)
  await writeFile(file, text)
  return file
}
const certificateFile = await write('one.crt', one.chainPem)
const privateKeyFile = await write('one.key', one.keyPem)

test('chain, key and all authorities of a bundle are loaded', async () => {
  const second = await createAuthority('Second', systemClock)
  const caFile = await write('bundle.pem', `comment\n${authority.certificatePem}\n${second.certificatePem}`)
  const material = await loadTlsMaterial({ certificateFile, privateKeyFile, caFile })
  assert.equal(material.anchors.length, 2)
  assert.equal(material.chainPem, one.chainPem)
})

test('files that say what they said before are not read into certificates again, but looked at', async () => {
  const own = await write('again.crt', one.chainPem)
  const files = { certificateFile: own, privateKeyFile, caFile: await write('again.pem', authority.certificatePem) }
  const material = await loadTlsMaterial(files)
  assert.equal(await loadTlsMaterial(files, material), material)
  await write('again.crt', other.chainPem)
  await assert.rejects(loadTlsMaterial(files, material), /does not belong to the certificate/)
  await write('again.crt', one.chainPem)
  await write('again.pem', '')
  await assert.rejects(loadTlsMaterial(files, material), /no certificate/)
})

test('without a bundle and the system store nobody is trusted', async () => {
  const material = await loadTlsMaterial({ certificateFile, privateKeyFile })
  assert.deepEqual(material.anchors, [])
})

test('a key that belongs to another certificate is refused', async () => {
  const wrong = await write('other.key', other.keyPem)
  await assert.rejects(
    loadTlsMaterial({ certificateFile, privateKeyFile: wrong }),
    /does not belong to the certificate/,
  )
})

test('a missing file is named', async () => {
  const missing = join(directory, 'missing.pem')
  await assert.rejects(
    loadTlsMaterial({ certificateFile: missing, privateKeyFile }),
    /reading the certificate from .*missing/,
  )
  await assert.rejects(
    loadTlsMaterial({ certificateFile, privateKeyFile, caFile: missing }),
    /trusted authorities from/,
  )
})

test('a file with something else in it is named', async () => {
  const text = await write('text.pem', 'hello')
  const broken = await write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  await assert.rejects(loadTlsMaterial({ certificateFile: text, privateKeyFile }), /text\.pem holds no certificate/)
  await assert.rejects(loadTlsMaterial({ certificateFile, privateKeyFile: text }), /text\.pem holds no private key/)
  await assert.rejects(loadTlsMaterial({ certificateFile: broken, privateKeyFile }), /certificate 1 of .*broken\.pem/)
  await assert.rejects(loadTlsMaterial({ certificateFile, privateKeyFile, caFile: text }), /text\.pem holds no cert/)
})
