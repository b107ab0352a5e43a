import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemRandom } from '#src/kit/random.ts'
import { ensureIngressSecret, secretCheck, writeNginxInclude } from './ingress-secret.ts'

const directory = await mkdtemp(join(tmpdir(), 'comity-secret-'))
after(() => rm(directory, { recursive: true }))

test('the first who comes makes the secret, others find the same', async () => {
  const home = join(directory, 'new/data')
  const file = join(home, 'ingress-secret')
  const secrets = await Promise.all(Array.from({ length: 8 }, () => ensureIngressSecret(file, systemRandom)))
  assert.equal(new Set(secrets).size, 1)
  assert.match(secrets[0] ?? '', /^[\w-]{43}$/)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(home), ['ingress-secret'])
  assert.equal(await ensureIngressSecret(file, systemRandom), secrets[0])
})

test('two backends have different secrets', async () => {
  const one = await ensureIngressSecret(join(directory, 'one'), systemRandom)
  assert.notEqual(one, await ensureIngressSecret(join(directory, 'two'), systemRandom))
})

test('a secret that is too short, or no secret, is refused with the name of the file', async () => {
  const file = join(directory, 'given')
  for (const text of ['', 'short', `${'a'.repeat(40)} b`, 'ä'.repeat(40), 'a'.repeat(10_000)]) {
    await writeFile(file, text)
    await assert.rejects(ensureIngressSecret(file, systemRandom), /given must hold one line/)
  }
  await writeFile(file, `${'a'.repeat(32)}\n`)
  assert.equal(await ensureIngressSecret(file, systemRandom), 'a'.repeat(32))
})

test('what nginx includes is for its owner only', async () => {
  const file = await writeNginxInclude(join(directory, 'one'), 'abc')
  assert.equal(await readFile(file, 'utf8'), 'proxy_set_header comity-ingress-secret "abc";\n')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal(await writeNginxInclude(join(directory, 'one'), 'def'), file)
  assert.match(await readFile(file, 'utf8'), /def/)
})

test('only the secret itself is the secret', () => {
  const isSecret = secretCheck('abcdef')
  assert.equal(isSecret('abcdef'), true)
  for (const wrong of [undefined, '', 'abcde', 'abcdefg', 'ABCDEF', 'abcdef, abcdef'])
    assert.equal(isSecret(wrong), false)
})
