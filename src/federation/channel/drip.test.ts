import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { chunksInTime } from './drip.ts'

const read = async (chunkBytes: number, chunks: number, { peerMs = 0, readerMs = 0, rstCode = 0 }) => {
  const clock = testClock()
  async function* body(): AsyncGenerator<Buffer, undefined> {
    for (let sent = 0; sent < chunks; sent++) {
      await clock.advance(peerMs)
      yield Buffer.alloc(chunkBytes)
    }
  }
  let received = 0
  for await (const chunk of chunksInTime({ rstCode, [Symbol.asyncIterator]: body }, clock)) {
    received += chunk.length
    await clock.advance(readerMs)
  }
  return received
}

test('a byte per second is not enough', async () => {
  await assert.rejects(read(1, 100, { peerMs: 1_000 }), /too slowly/)
})

test('a bad line is', async () => {
  assert.equal(await read(1_024, 200, { peerMs: 1_000 }), 200 * 1_024)
})

test('a slow reader is not the peer’s fault', async () => {
  assert.equal(await read(1, 200, { readerMs: 5_000 }), 200)
})

test('what breaks off never looks whole', async () => {
  await assert.rejects(read(1, 3, { rstCode: 2 }), /broke off/)
})
