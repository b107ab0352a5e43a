import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { testClock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { bodyReader, inflateBody } from './read-body.ts'

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

/** A request whose body is what is written into it. */
const requestOf = (headers: Record<string, string>): PassThrough & IncomingMessage =>
  Object.assign(new PassThrough(), { headers, complete: false }) as unknown as PassThrough & IncomingMessage

test('a body that does not come to its end in time is refused, and one that came is not', async () => {
  const clock = testClock()
  using bodies = bodyReader(clock, 1_000)
  const slow = requestOf({ 'content-length': '4' })
  const quick = requestOf({ 'content-length': '4' })
  const [tooLate, inTime] = [bodies.read(slow, 10), bodies.read(quick, 10)]
  slow.write('ab')
  quick.end('abcd')
  assert.equal(Buffer.from(await inTime).toString(), 'abcd')
  const refusal = assert.rejects(tooLate, refused(408))
  await clock.advance(1_000)
  await refusal
})

test('who comes later is given as long', async () => {
  const clock = testClock()
  using bodies = bodyReader(clock, 1_000)
  const first = assert.rejects(bodies.read(requestOf({ 'content-length': '4' }), 10), refused(408))
  await clock.advance(600)
  const late = requestOf({ 'content-length': '4' })
  const second = bodies.read(late, 10)
  await clock.advance(600)
  await first
  late.end('abcd')
  assert.equal(Buffer.from(await second).toString(), 'abcd')
})

test('a body that breaks off is refused', async () => {
  using bodies = bodyReader(testClock())
  const broken = requestOf({ 'content-length': '4' })
  const reading = assert.rejects(bodies.read(broken, 10), refused(400))
  broken.write('ab')
  broken.destroy(new Error('aborted'))
  await reading
})

test('what is over the limit is refused when it is, and all that follows is dropped', async () => {
  using bodies = bodyReader(testClock())
  const large = requestOf({ 'transfer-encoding': 'chunked' })
  const reading = assert.rejects(bodies.read(large, 10), refused(413))
  large.write('0123456789')
  large.write('!')
  await reading
  large.end(Buffer.alloc(1_000_000))
})
