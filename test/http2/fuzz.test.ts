/** Whatever comes: a connection ends or goes on, nothing is thrown past it, and what it holds stays bounded. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { EngineFault } from '#src/kit/http2/errors.ts'
import { ServerConnection } from '#src/kit/http2/server.ts'
import { FLAG, FRAME, field, fieldsOf, frame, rememberedField } from '#test/federation/raw-http2.ts'
import { serverOptions, setting, u32 } from './loopback.ts'

const HEAD = { ':method': 'POST', ':scheme': 'https', ':authority': 'own.test', ':path': '/x' }

/** A socket that keeps what is written to it. */
class Sink extends Duplex {
  written = 0
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.written += chunk.length
    callback()
  }
  setNoDelay(): this {
    return this
  }
}

const good = (stream: number): Buffer[] => [
  frame(FRAME.headers, FLAG.endHeaders, stream, Buffer.concat([fieldsOf(HEAD), rememberedField('x-a', `${stream}`)])),
  frame(FRAME.data, 0, stream, Buffer.alloc(300, 'x')),
  frame(FRAME.windowUpdate, 0, stream, u32(1_000)),
  frame(FRAME.data, 8 | FLAG.endStream, stream, Buffer.from([2, 0x61, 0, 0])),
  frame(FRAME.settings, 0, 0, setting(4, 70_000)),
  frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
  frame(FRAME.headers, FLAG.endStream, stream + 2, fieldsOf(HEAD)),
  frame(FRAME.continuation, FLAG.endHeaders, stream + 2, field('x-b', 'b')),
  frame(FRAME.headers, FLAG.endHeaders, stream + 4, fieldsOf(HEAD)),
  frame(FRAME.reset, 0, stream + 4, u32(8)),
]

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)])
const GOOD = Buffer.concat([PREFACE, ...[1, 7, 13, 19].flatMap(good)])

const mutation = fc.oneof(
  fc.record({ is: fc.constant('byte' as const), at: fc.nat(), to: fc.nat({ max: 255 }) }),
  fc.record({ is: fc.constant('cut' as const), at: fc.nat(), to: fc.nat({ max: 40 }) }),
  fc.record({ is: fc.constant('again' as const), at: fc.nat(), to: fc.nat({ max: 400 }) }),
)

const mutate = (bytes: Buffer, { is, at, to }: { is: 'byte' | 'cut' | 'again'; at: number; to: number }): Buffer => {
  const place = at % bytes.length
  if (is === 'cut') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + to)])
  if (is === 'again') return Buffer.concat([bytes.subarray(0, place + to), bytes.subarray(place)])
  const changed = Buffer.from(bytes)
  changed[place] = to
  return changed
}

const feed = async (
  bytes: Buffer,
  pieceBytes: number,
): Promise<{ faults: unknown[]; asked: number; written: number }> => {
  const sink = new Sink()
  const faults: unknown[] = []
  let asked = 0
  const connection = new ServerConnection(sink as unknown as Socket, serverOptions(), {
    onRequest: async ({ stream }) => {
      asked += 1
      stream.sendHead([':status', '200'], false)
      stream.end(Buffer.alloc(100))
    },
    onClosed: (error) => error instanceof EngineFault && faults.push(error),
  })
  for (let at = 0; at < bytes.length; at += pieceBytes) sink.push(bytes.subarray(at, at + pieceBytes))
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  connection.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  return { faults, asked, written: sink.written }
}

test('frames that are in order are understood, however they are cut', async () => {
  for (const pieceBytes of [1, 7, 9, 10, 64, 1_000, GOOD.length]) {
    const { faults, asked } = await feed(GOOD, pieceBytes)
    assert.deepEqual([faults, asked], [[], 8], `pieces of ${pieceBytes}`)
  }
})

test('frames that are changed, cut out or repeated end a connection or do not, and nothing else happens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 500 }),
      async (changes, pieceBytes) => {
        const { faults, asked, written } = await feed(changes.reduce(mutate, GOOD), pieceBytes)
        assert.deepEqual(faults, [])
        assert.ok(asked <= 40 && written < 100_000)
      },
    ),
    { numRuns: 500 },
  )
})

test('bytes by chance do no harm', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), fc.boolean(), async (bytes, isGreeted) => {
      const { faults } = await feed(Buffer.concat([isGreeted ? PREFACE : Buffer.alloc(0), bytes]), 256)
      assert.deepEqual(faults, [])
    }),
    { numRuns: 300 },
  )
})
