import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { readAll } from '#src/kit/http/wire.ts'
import { bodyOfAnswer } from './answer-body.ts'

const answer = (rstCode = 0) => Object.assign(new PassThrough(), { rstCode })

/** So many chunks, each after the peer took its time. */
const read = async (chunkBytes: number, chunks: number, { peerMs = 0, rstCode = 0 }) => {
  const clock = testClock()
  const stream = answer(rstCode)
  const body = await bodyOfAnswer(stream, clock)
  assert.ok(!(body instanceof Uint8Array))
  const chunksOf = body[Symbol.asyncIterator]()
  let received = 0
  for (let sent = 0; sent < chunks; sent++) {
    await clock.advance(peerMs)
    stream.write(Buffer.alloc(chunkBytes))
    const { value } = await chunksOf.next()
    received += value instanceof Uint8Array ? value.length : 0
  }
  stream.end()
  await chunksOf.next()
  return received
}

test('what is small and comes at once is had as bytes', async () => {
  const stream = answer()
  const body = bodyOfAnswer(stream, testClock())
  stream.write('sm')
  stream.end('all')
  assert.equal(Buffer.from(await readAll(await body)).toString(), 'small')
  assert.ok((await body) instanceof Uint8Array)
})

test('a stream that has closed before anybody reads is whole all the same', async () => {
  const stream = answer()
  Object.defineProperty(stream, 'closed', { get: () => true })
  const body = bodyOfAnswer(stream, testClock())
  stream.end('whole')
  assert.equal(Buffer.from(await readAll(await body)).toString(), 'whole')
})

test('what does not end at once, or is large, is a stream', async () => {
  const slow = answer()
  const body = bodyOfAnswer(slow, testClock())
  slow.write('a')
  assert.ok(!((await body) instanceof Uint8Array))
  slow.end('b')
  assert.equal(Buffer.from(await readAll(await body)).toString(), 'ab')

  const large = answer()
  const streamed = bodyOfAnswer(large, testClock())
  for (let sent = 0; sent < 10; sent++) large.write(Buffer.alloc(16 * 1024))
  large.end()
  assert.equal((await readAll(await streamed)).length, 160 * 1024)
})

test('a byte per second is not enough', async () => {
  await assert.rejects(read(1, 100, { peerMs: 1_000 }), /too slowly/)
})

test('a bad line is', async () => {
  assert.equal(await read(1_024, 200, { peerMs: 1_000 }), 200 * 1_024)
})

test('a slow reader is not the peer’s fault', async () => {
  const clock = testClock()
  const stream = answer()
  const body = await bodyOfAnswer(stream, clock)
  for (let sent = 0; sent < 10; sent++) {
    stream.write(Buffer.alloc(80 * 1024))
    await clock.advance(60_000)
  }
  stream.end()
  assert.equal((await readAll(body)).length, 800 * 1024)
})

test('what breaks off never looks whole', async () => {
  await assert.rejects(read(1, 3, { rstCode: 2 }), /broke off/)
  const cut = answer(2)
  const body = bodyOfAnswer(cut, testClock())
  cut.end('half')
  await assert.rejects(body, /broke off/)
  const gone = answer()
  const nothing = bodyOfAnswer(gone, testClock())
  gone.destroy()
  await assert.rejects(nothing, /broke off/)
})

test('what breaks off before anybody reads ends nothing but itself', async () => {
  const stream = answer()
  const body = await bodyOfAnswer(stream, testClock())
  stream.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(readAll(body), /broke off/)
})

test('whoever stops reading stops the peer', async () => {
  const stream = answer()
  const body = await bodyOfAnswer(stream, testClock())
  assert.ok(!(body instanceof Uint8Array))
  body.destroy()
  assert.equal(stream.destroyed, true)
})
