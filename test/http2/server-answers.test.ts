/** What a server has to do by RFC 9113 once a request is in order: answers, windows, goodbyes, and patience. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { pour } from '#src/kit/http2/pour.ts'
import type { Asked } from '#src/kit/http2/server.ts'
import { until } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, field, fieldsOf, frame, indexedField } from '#test/federation/raw-http2.ts'
import { rawClient, serverOptions, setting, startOwnServer, u32 } from './loopback.ts'
import {
  data,
  HEAD,
  headers,
  PRIORITY_FRAME,
  whole,
  without,
  plus,
  STATUS_200,
  answer,
  start,
  CODE,
} from './requests.ts'

describe('answers', () => {
  test('a ping with what was in it, and settings with an acknowledgement', async () => {
    await using own = await start()
    await own.raw.isAnsweredPing()
    assert.equal(own.raw.of(FRAME.ping)[0]?.payload.toString(), '12345678')
    assert.equal(own.raw.of(FRAME.settings).filter(({ flags }) => flags === FLAG.ack).length, 1)
  })

  test('HEAD, 204 and 304 have no body', async () => {
    await using own = await start(({ stream, head }) => {
      stream.sendHead([':status', head.target.slice(1)], true)
    })
    own.raw.send(whole(1, Buffer.concat([without(':path'), field(':path', '/204')])))
    assert.equal((await own.raw.sees(FRAME.headers, 1)).flags, FLAG.endHeaders | FLAG.endStream)
  })

  test('the windows are kept to, and opened again', async () => {
    await using own = await startOwnServer(({ stream }) => {
      stream.sendHead([':status', '200'], false)
      stream.end(Buffer.alloc(1_000, 'x'))
    })
    const raw = await rawClient(own.port, setting(4, 100))
    raw.send(whole(1))
    assert.equal((await raw.sees(FRAME.data, 1)).payload.length, 100)
    await raw.isAnsweredPing()
    assert.equal(raw.of(FRAME.data).length, 1)
    // Less than what has gone: the window is below nothing until it is opened by more.
    raw.send(frame(FRAME.settings, 0, 0, setting(4, 50)), frame(FRAME.windowUpdate, 0, 1, u32(50)))
    await raw.isAnsweredPing()
    assert.equal(raw.of(FRAME.data).length, 1)
    raw.send(frame(FRAME.windowUpdate, 0, 1, u32(10)))
    assert.equal((await raw.sees(FRAME.data, 1, 2)).payload.length, 10)
    raw.send(frame(FRAME.settings, 0, 0, setting(4, 5_000)))
    const last = await raw.sees(FRAME.data, 1, 3)
    assert.deepEqual([last.payload.length, last.flags], [890, FLAG.endStream])
  })

  test('no frame is larger than the other end takes, and several bodies go side by side', async () => {
    await using own = await start(({ stream }) => {
      stream.sendHead([':status', '200'], false)
      stream.end(Buffer.alloc(60_000, 'x'))
    })
    own.raw.send(frame(FRAME.windowUpdate, 0, 0, u32(1_000_000)), whole(1), whole(3))
    await own.raw.sees(FRAME.data, 1, 4)
    await own.raw.sees(FRAME.data, 3, 4)
    assert.ok(own.raw.of(FRAME.data).every(({ payload }) => payload.length <= 16_384))
    const order = own.raw.of(FRAME.data).map(({ stream }) => stream)
    assert.ok(order.indexOf(3) < order.lastIndexOf(1), `in turn: ${order.join(' ')}`)
  })

  test('an answer that breaks off is reset, and never looks whole', async () => {
    async function* half(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      throw new Error('broken')
    }
    await using own = await start(({ stream }) => {
      stream.sendHead([':status', '200'], false)
      pour(half(), stream)
    })
    own.raw.send(whole(1))
    await own.raw.sees(FRAME.reset, 1)
    assert.ok(own.raw.of(FRAME.data).every(({ flags }) => flags === 0))
  })

  test('fields beyond the bounds are told to the request, and the table stays right', async () => {
    await using own = await start(({ stream, isTooLarge }) => {
      stream.sendHead([':status', isTooLarge ? '431' : '200'], true)
    })
    const remembered = Buffer.concat([Buffer.from([0x40, 3]), Buffer.from('x-a'), Buffer.from([1]), Buffer.from('a')])
    own.raw.send(whole(1, Buffer.concat([remembered, plus('x-large', 'x'.repeat(40_000))]).subarray(0)))
    own.raw.send(whole(3, Buffer.concat([fieldsOf(HEAD), indexedField(62)])))
    assert.equal((await own.raw.sees(FRAME.headers, 3)).payload[0], STATUS_200)
    assert.match((await own.raw.sees(FRAME.headers, 1)).payload.toString('latin1'), /431/)
  })
})

const PIECE = Buffer.alloc(16 * 1024)

describe('says goodbye', () => {
  test('and answers what it has begun, and what crosses the goodbye on its way', async () => {
    const held: Asked[] = []
    await using own = await start((asked) => void held.push(asked))
    own.raw.send(whole(1))
    await until(() => held.length === 1, 'the request arrives')
    own.server.connections[0]?.drain()
    const notice = await own.raw.sees(FRAME.goaway, 0)
    assert.equal(notice.payload.readUInt32BE(), 2 ** 31 - 1)
    const ping = await own.raw.sees(FRAME.ping, 0)
    own.raw.send(whole(3), frame(FRAME.ping, FLAG.ack, 0, ping.payload))
    assert.equal((await own.raw.sees(FRAME.goaway, 0, 2)).payload.readUInt32BE(), 3)
    // Sent before it heard of the second notice; its body must not cost the others their answers.
    own.raw.send(whole(5), headers(7, 0), data(7, 'a body'), frame(FRAME.windowUpdate, 0, 7, u32(1)))
    own.raw.send(data(7, 'all of it', FLAG.endStream), frame(FRAME.reset, 0, 7, u32(8)))
    await own.raw.isAnsweredPing()
    for (const asked of held) await answer(asked)
    assert.equal(await own.raw.code(), 0)
    assert.deepEqual(
      own.raw.of(FRAME.headers).map(({ stream }) => stream),
      [1, 3],
    )
  })

  test('and does not cut off an answer that somebody reads slowly', async () => {
    const clock = testClock()
    const handedOver = Promise.withResolvers<number>()
    await using own = await startOwnServer(async ({ stream }) => {
      stream.sendHead([':status', '200'], false)
      let sent = 0
      // Until the buffers of the system are full, and some of it waits with us.
      for (; (own.connections[0]?.socket.writableLength ?? 0) < PIECE.length; sent += PIECE.length) {
        stream.write(PIECE)
        await new Promise((resolve) => setImmediate(resolve))
      }
      stream.end()
      own.connections[0]?.close()
      handedOver.resolve(sent)
    }, serverOptions({ clock }))
    const raw = await rawClient(own.port, setting(4, 2 ** 30))
    raw.send(frame(FRAME.windowUpdate, 0, 0, u32(2 ** 30)), whole(1))
    raw.socket.pause()
    const bytes = await handedOver.promise
    for (let seconds = 0; seconds < 30; seconds += 5) await clock.advance(5_000)
    raw.socket.resume()
    assert.equal(await raw.code(), 0)
    const data = raw.of(FRAME.data)
    assert.equal(
      data.reduce((sum, { payload }) => sum + payload.length, 0),
      bytes,
    )
    assert.equal(data.at(-1)?.flags, FLAG.endStream)
  })

  test('when the other end does', async () => {
    await using own = await start()
    own.raw.send(whole(1), frame(FRAME.goaway, 0, 0, Buffer.alloc(8)))
    assert.equal(await own.raw.code(), 0)
    assert.equal(own.raw.of(FRAME.data).length, 1)
  })
})

describe('does not let itself be kept busy', () => {
  for (const [what, make] of [
    ['pings', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['settings', () => frame(FRAME.settings, 0, 0)],
    ['priorities', () => frame(PRIORITY_FRAME, 0, 9, Buffer.alloc(5))],
    ['windows that open a little', () => frame(FRAME.windowUpdate, 0, 0, u32(1))],
    ['frames that nobody knows', () => frame(0xee, 0, 0)],
  ] as const) {
    test(`by ${what}`, async () => {
      await using own = await start()
      own.raw.send(...Array.from({ length: 200 }, make))
      assert.equal(await own.raw.code(), CODE.calm)
    })
  }

  test('by requests that are taken back, whose work goes on', async () => {
    let asked = 0
    const never = new Promise<void>(() => {})
    await using own = await start(() => {
      asked += 1
      return never
    })
    const taken = (id: number) => Buffer.concat([whole(id), frame(FRAME.reset, 0, id, u32(8))])
    own.raw.send(...Array.from({ length: 100 }, (_, index) => taken(2 * index + 1)))
    assert.equal(await own.raw.code(), CODE.calm)
    assert.equal(asked, 10)
  })

  test('by answers that nobody takes: then nothing more is read', async () => {
    const options = serverOptions({ idleFrames: { burst: 1_000_000, perSecond: 0 } })
    await using own = await start(answer, options)
    own.raw.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 5_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))))
    let refused = 0
    for (let count = 0; count < 2_000 && refused < 20; count++) {
      refused = own.raw.socket.write(pings) ? 0 : refused + 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(own.raw.socket.writableLength > 100_000, 'the sender is held back')
    own.raw.socket.resume()
    await until(() => own.raw.socket.writableLength === 0, 'it goes on when somebody reads')
  })
})
