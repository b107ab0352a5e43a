import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '#src/kit/errors.ts'
import { systemRandom } from '#src/kit/random.ts'
import { PASSWORD_HASHES_AT_ONCE } from './limits.ts'
import { passwords } from './passwords.ts'

test('a password matches its own hash and no other', async () => {
  const { hash, verify, verifyNobody } = passwords({ random: systemRandom })
  const stored = await hash('correct horse')
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await verify(stored, 'correct horse'), true)
  assert.equal(await verify(stored, 'correct horsf'), false)
  assert.equal(await verifyNobody('correct horse'), false)
  assert.notEqual(await hash('correct horse'), stored)
})

// Two test vectors of the reference implementation (phc-winner-argon2, src/test.c).
const ELSEWHERE = [
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
] as const

test('a hash made elsewhere with other parameters is checked with those', async () => {
  const { verify } = passwords({ random: systemRandom })
  for (const stored of ELSEWHERE) {
    assert.equal(await verify(stored, 'password'), true)
    assert.equal(await verify(stored, 'passwort'), false)
  }
})

test('composed and decomposed spellings are one password', async () => {
  const { hash, verify } = passwords({ random: systemRandom })
  assert.equal(await verify(await hash('caf\u00e9 au lait'), 'cafe\u0301 au lait'), true)
})

test('a flood of passwords is turned away instead of queued without end', async () => {
  const waitingMax = 3
  const { verifyNobody } = passwords({ random: systemRandom, waitingMax })
  const attempts = Array.from({ length: PASSWORD_HASHES_AT_ONCE + waitingMax + 1 }, () =>
    verifyNobody('guess').then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
  const [refused, ...others] = (await Promise.all(attempts)).filter((error) => error !== undefined)
  assert.deepEqual(others, [])
  assert.ok(refused instanceof Refusal)
  assert.equal(refused.status, 429)
  assert.ok(refused.headers['retry-after'])
})
