import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, type Writable } from 'node:stream'
import { test } from 'node:test'
import * as ws from 'ws'
import { binaryFrame } from './frame.ts'

/** The library's own reader of frames, which its types do not know. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: { readonly isServer: boolean }) => Writable }

const read = async (...frames: readonly Buffer[]): Promise<{ text: string; isBinary: boolean }[]> => {
  const read: { text: string; isBinary: boolean }[] = []
  const receiver = new Receiver({ isServer: false })
  receiver.on('message', (data: Buffer, isBinary: boolean) => read.push({ text: data.toString('latin1'), isBinary }))
  const wire = new PassThrough()
  wire.pipe(receiver)
  for (const frame of frames) wire.write(frame)
  wire.end()
  await once(receiver, 'finish')
  return read
}

for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000]) {
  test(`a frame of ${size} characters is read as it was written`, async () => {
    const text = 'abc'.repeat(size).slice(0, size)
    assert.deepEqual(await read(binaryFrame(text), binaryFrame('next')), [
      { text, isBinary: true },
      { text: 'next', isBinary: true },
    ])
  })
}
