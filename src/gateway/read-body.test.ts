import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { Refusal } from '#src/kit/errors.ts'
import { inflateBody } from './read-body.ts'

const text = Buffer.from(JSON.stringify({ name: 'Zoë' }))
const encodings = {
  gzip: gzipSync(text),
  'x-gzip': gzipSync(text),
  deflate: deflateSync(text),
  br: brotliCompressSync(text),
}

for (const [encoding, body] of Object.entries(encodings)) {
  test(`a body in ${encoding} is inflated`, async () => {
    assert.deepEqual(Buffer.from(await inflateBody(body, { encoding, limit: 1_000 })), text)
  })
}

test('a body without encoding, or with none to speak of, stays as it is', async () => {
  assert.equal(await inflateBody(text, { encoding: undefined, limit: 1_000 }), text)
  assert.equal(await inflateBody(text, { encoding: 'Identity', limit: 1_000 }), text)
})

const refused = (status: number) => (error: unknown) => error instanceof Refusal && error.status === status

for (const size of [100_000, 100_000_000]) {
  test(`${size} zeros in a few bytes are refused at the limit`, async () => {
    const bomb = gzipSync(Buffer.alloc(size))
    await assert.rejects(inflateBody(bomb, { encoding: 'gzip', limit: 50_000 }), refused(413))
  })
}

test('what is not what it claims to be is malformed', async () => {
  await assert.rejects(inflateBody(text, { encoding: 'gzip', limit: 1_000 }), refused(400))
  await assert.rejects(inflateBody(encodings.gzip.subarray(0, 10), { encoding: 'gzip', limit: 1_000 }), refused(400))
})

for (const encoding of ['zstd', 'gzip, gzip', 'constructor']) {
  test(`the encoding ${encoding} is not served`, async () => {
    await assert.rejects(inflateBody(text, { encoding, limit: 1_000 }), refused(415))
  })
}
