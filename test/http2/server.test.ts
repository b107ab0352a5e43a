/**
 * What a server has to do by RFC 9113, frame by frame: what ends the connection and with which code, what ends a stream,
 * and what is let pass. An engine that takes the place of ours has to pass as well.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAll } from '#src/kit/http/wire.ts'
import { pour } from '#src/kit/http2/pour.ts'
import type { Asked } from '#src/kit/http2/server.ts'
import { until } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, field, fieldsOf, frame, indexedField } from '#test/federation/raw-http2.ts'
import { rawClient, serverOptions, setting, startOwnServer, u32 } from './loopback.ts'

const HEAD = { ':method': 'POST', ':scheme': 'https', ':authority': 'own.test', ':path': '/x' }
const PADDED = 8
const PRIORITY = 0x20
const PRIORITY_FRAME = 2
const PUSH_PROMISE = 5
const NONE = Buffer.alloc(0)

const headers = (stream: number, flags: number, block: Uint8Array = fieldsOf(HEAD)) =>
  frame(FRAME.headers, flags | FLAG.endHeaders, stream, block)
const whole = (stream: number, block?: Uint8Array) => headers(stream, FLAG.endStream, block)
const data = (stream: number, text: string, flags = 0) => frame(FRAME.data, flags, stream, Buffer.from(text))
const withLength = (length: string) => Buffer.concat([fieldsOf(HEAD), field('content-length', length)])
const without = (name: string) => fieldsOf(Object.fromEntries(Object.entries(HEAD).filter(([own]) => own !== name)))
const plus = (name: string, value: string) => Buffer.concat([fieldsOf(HEAD), field(name, value)])

const STATUS_200 = 0x88

const answer = async ({ stream, body }: Asked): Promise<void> => {
  const bytes = await readAll(body).catch(() => undefined)
  if (!bytes) return
  stream.sendHead([':status', '200'], false)
  stream.end(Buffer.from(`${bytes.length}`))
}

const start = async (serve: (asked: Asked) => Promise<void> | void = answer, options = serverOptions()) => {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startOwnServer(serve, options))
  const raw = await rawClient(server.port)
  return { server, raw, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const CODE = { protocol: 1, flowControl: 3, closed: 5, size: 6, refused: 7, compression: 9, calm: 11 }

describe('ends the connection', () => {
  for (const [what, code, ...frames] of [
    ['data on stream 0', CODE.protocol, data(0, 'x')],
    ['data on a stream that was never opened', CODE.protocol, data(1, 'x')],
    ['headers on stream 0', CODE.protocol, headers(0, 0)],
    ['headers on a stream with an even number', CODE.protocol, whole(2)],
    ['a lower number after a higher one', CODE.closed, whole(5), whole(3)],
    ['a window update on a stream that was never opened', CODE.protocol, frame(FRAME.windowUpdate, 0, 1, u32(1))],
    ['a reset of a stream that was never opened', CODE.protocol, frame(FRAME.reset, 0, 1, u32(8))],
    ['a reset on stream 0', CODE.protocol, frame(FRAME.reset, 0, 0, u32(8))],
    ['a reset of a wrong length', CODE.size, whole(1), frame(FRAME.reset, 0, 1, Buffer.alloc(3))],
    ['a ping of a wrong length', CODE.size, frame(FRAME.ping, 0, 0, Buffer.alloc(7))],
    ['a ping on a stream', CODE.protocol, frame(FRAME.ping, 0, 1, Buffer.alloc(8))],
    ['a goodbye on a stream', CODE.protocol, frame(FRAME.goaway, 0, 1, Buffer.alloc(8))],
    ['a goodbye that is too short', CODE.size, frame(FRAME.goaway, 0, 0, Buffer.alloc(7))],
    ['settings on a stream', CODE.protocol, frame(FRAME.settings, 0, 1, NONE)],
    ['settings of a wrong length', CODE.size, frame(FRAME.settings, 0, 0, Buffer.alloc(5))],
    ['an acknowledgement that says something', CODE.size, frame(FRAME.settings, FLAG.ack, 0, setting(3, 1))],
    ['pushing of neither kind', CODE.protocol, frame(FRAME.settings, 0, 0, setting(2, 2))],
    ['a first window that is too large', CODE.flowControl, frame(FRAME.settings, 0, 0, setting(4, 2 ** 31))],
    ['frames that are too small', CODE.protocol, frame(FRAME.settings, 0, 0, setting(5, 16_383))],
    ['frames that are too large', CODE.protocol, frame(FRAME.settings, 0, 0, setting(5, 2 ** 24))],
    ['a window update of a wrong length', CODE.size, frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(3))],
    ['a window of the connection that opens by nothing', CODE.protocol, frame(FRAME.windowUpdate, 0, 0, u32(0))],
    ['a window that opens by nothing', CODE.protocol, headers(1, 0), frame(FRAME.windowUpdate, 0, 1, u32(0))],
    ['a window beyond its limit', CODE.flowControl, headers(1, 0), frame(FRAME.windowUpdate, 0, 1, u32(0x7fffffff))],
    [
      'a first window that pushes a window beyond its limit',
      CODE.flowControl,
      headers(1, 0),
      frame(FRAME.windowUpdate, 0, 1, u32(0x7fff0000)),
      frame(FRAME.settings, 0, 0, setting(4, 0x7fffffff)),
    ],
    ['a promise to push', CODE.protocol, frame(PUSH_PROMISE, FLAG.endHeaders, 1, Buffer.alloc(8))],
    ['a priority of a wrong length', CODE.size, frame(PRIORITY_FRAME, 0, 1, Buffer.alloc(4))],
    ['a priority on stream 0', CODE.protocol, frame(PRIORITY_FRAME, 0, 0, Buffer.alloc(5))],
    ['a continuation of nothing', CODE.protocol, frame(FRAME.continuation, FLAG.endHeaders, 1, NONE)],
    [
      'another frame within a block of fields',
      CODE.protocol,
      frame(FRAME.headers, 0, 1, fieldsOf(HEAD)),
      frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
    ],
    [
      'a continuation on another stream',
      CODE.protocol,
      frame(FRAME.headers, 0, 1, fieldsOf(HEAD)),
      frame(FRAME.continuation, FLAG.endHeaders, 3, NONE),
    ],
    ['a block that is no block', CODE.compression, whole(1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    ['headers with more padding than frame', CODE.protocol, headers(1, PADDED, Buffer.from([200, 0x83]))],
    [
      'data with more padding than frame',
      CODE.protocol,
      headers(1, 0),
      frame(FRAME.data, PADDED, 1, Buffer.from([9, 1])),
    ],
    ['data after the end of a request', CODE.closed, headers(1, FLAG.endStream), data(1, 'x')],
    ['a frame larger than we take', CODE.size, headers(1, 0), frame(FRAME.data, 0, 1, Buffer.alloc(64 * 1024 + 1))],
    ['a second preface', CODE.size, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ] as readonly [string, number, ...Uint8Array[]][]) {
    test(what, async () => {
      await using own = await start(() => {})
      own.raw.send(...frames)
      assert.equal(await own.raw.code(), code)
    })
  }

  test('a window that is exceeded', async () => {
    await using own = await start(() => {})
    own.raw.send(headers(1, 0), ...Array.from({ length: 17 }, () => data(1, 'x'.repeat(16 * 1024))))
    assert.equal(await own.raw.code(), CODE.flowControl)
  })

  test('something else than the preface', async () => {
    await using own = await startOwnServer(answer)
    const raw = await rawClient(own.port)
    assert.ok(raw)
    const { connect } = await import('node:net')
    const socket = connect(own.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nhost: own.test\r\n\r\n')
    await until(() => own.ends.length === 1, 'the connection ends')
    assert.match(String(own.ends[0]), /not how HTTP\/2 begins/)
  })

  test('a request before the settings', async () => {
    await using own = await startOwnServer(answer)
    const { connect } = await import('node:net')
    const socket = connect(own.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), whole(1)]))
    await until(() => own.ends.length === 1, 'the connection ends')
    assert.match(String(own.ends[0]), /before the settings/)
  })
})

describe('breaks off a request and goes on', () => {
  for (const [what, block] of [
    ['no method', without(':method')],
    ['no path', without(':path')],
    ['no scheme', without(':scheme')],
    ['no authority', without(':authority')],
    ['an empty path', Buffer.concat([without(':path'), field(':path', '')])],
    ['a path that is none', Buffer.concat([without(':path'), field(':path', 'x')])],
    ['a space in the path', Buffer.concat([without(':path'), field(':path', '/a b')])],
    ['a user in the authority', Buffer.concat([without(':authority'), field(':authority', 'a@b')])],
    ['a method that is none', Buffer.concat([without(':method'), field(':method', 'P OST')])],
    ['two paths', plus(':path', '/y')],
    ['a pseudo field after others', Buffer.concat([without(':path'), field('x-a', 'a'), field(':path', '/x')])],
    ['a pseudo field that does not exist', Buffer.concat([field(':x', 'a'), fieldsOf(HEAD)])],
    ['a pseudo field of answers', Buffer.concat([field(':status', '200'), fieldsOf(HEAD)])],
    ['upper case', plus('X-A', 'a')],
    ['a line break in a value', plus('x-a', 'a\r\nb: c')],
    ['a NUL in a value', plus('x-a', 'a\0')],
    ['white space around a value', plus('x-a', ' a')],
    ['a field of the connection', plus('connection', 'close')],
    ['keep-alive', plus('keep-alive', '1')],
    ['proxy-connection', plus('proxy-connection', 'close')],
    ['a transfer coding', plus('transfer-encoding', 'chunked')],
    ['an upgrade', plus('upgrade', 'websocket')],
    ['te for something else than trailers', plus('te', 'gzip')],
    ['two hosts', Buffer.concat([plus('host', 'own.test'), field('host', 'own.test')])],
    ['a host that differs', plus('host', 'other.test')],
    ['two lengths', Buffer.concat([withLength('0'), field('content-length', '0')])],
    ['a length that is none', withLength('-1')],
    ['a length and no body', withLength('2')],
    ['CONNECT with a path', Buffer.concat([field(':method', 'CONNECT'), without(':method')])],
  ] as const) {
    test(what, async () => {
      const asked: Asked[] = []
      await using own = await start(async (request) => {
        asked.push(request)
        await answer(request)
      })
      own.raw.send(whole(1, block), whole(3))
      assert.equal((await own.raw.sees(FRAME.reset, 1)).payload.readUInt32BE(), CODE.protocol)
      assert.equal((await own.raw.sees(FRAME.headers, 3)).payload[0], STATUS_200)
      assert.equal(asked.length, 1)
    })
  }

  for (const [what, ...frames] of [
    ['a body longer than announced', headers(1, 0, withLength('2')), data(1, 'abc', FLAG.endStream)],
    ['a body shorter than announced', headers(1, 0, withLength('2')), data(1, 'a', FLAG.endStream)],
    ['trailers after which something may come', headers(1, 0), headers(1, 0, field('x-t', '1'))],
    ['a pseudo field in the trailers', headers(1, 0), whole(1, field(':path', '/'))],
  ] as readonly [string, ...Uint8Array[]][]) {
    test(what, async () => {
      await using own = await start()
      own.raw.send(...frames, whole(3))
      assert.equal((await own.raw.sees(FRAME.reset, 1)).payload.readUInt32BE(), CODE.protocol)
      assert.equal((await own.raw.sees(FRAME.headers, 3)).payload[0], STATUS_200)
      assert.equal(own.raw.of(FRAME.headers).length, 1)
    })
  }

  test('more requests at once than it said', async () => {
    await using own = await start(() => {})
    own.raw.send(...Array.from({ length: 11 }, (_, index) => whole(2 * index + 1)))
    assert.equal((await own.raw.sees(FRAME.reset, 21)).payload.readUInt32BE(), CODE.refused)
    assert.equal(own.raw.of(FRAME.reset).length, 1)
  })
})

describe('lets pass', () => {
  for (const [what, ...frames] of [
    [
      'padding',
      headers(1, PADDED, Buffer.concat([Buffer.from([3]), fieldsOf(HEAD), Buffer.alloc(3)])),
      frame(FRAME.data, PADDED | FLAG.endStream, 1, Buffer.from([2, 0x61, 0x62, 0, 0])),
    ],
    [
      'a priority with the headers',
      headers(1, PRIORITY, Buffer.concat([Buffer.alloc(5), fieldsOf(HEAD)])),
      data(1, 'ab', FLAG.endStream),
    ],
    [
      'a priority by itself',
      frame(PRIORITY_FRAME, 0, 7, Buffer.alloc(5)),
      headers(1, 0),
      data(1, 'ab', FLAG.endStream),
    ],
    [
      'a kind of frame that nobody knows',
      frame(0xee, 0xff, 1, Buffer.from('?')),
      headers(1, 0),
      data(1, 'ab', FLAG.endStream),
    ],
    [
      'a setting that nobody knows',
      frame(FRAME.settings, 0, 0, setting(0x99, 1)),
      headers(1, 0),
      data(1, 'ab', FLAG.endStream),
    ],
    ['trailers', headers(1, 0), data(1, 'ab'), whole(1, field('x-t', '1'))],
    ['empty data', headers(1, 0), data(1, ''), data(1, 'ab'), data(1, '', FLAG.endStream)],
    [
      'a block in pieces',
      frame(FRAME.headers, 0, 1, fieldsOf(HEAD).subarray(0, 5)),
      frame(FRAME.continuation, 0, 1, fieldsOf(HEAD).subarray(5, 9)),
      frame(FRAME.continuation, FLAG.endHeaders, 1, fieldsOf(HEAD).subarray(9)),
      data(1, 'ab', FLAG.endStream),
    ],
    [
      'a host instead of an authority',
      headers(1, 0, Buffer.concat([without(':authority'), field('host', 'own.test')])),
      data(1, 'ab', FLAG.endStream),
    ],
    ['te for trailers', headers(1, 0, plus('te', 'trailers')), data(1, 'ab', FLAG.endStream)],
    [
      'the bit that is reserved',
      headers(1, 0),
      Buffer.concat([Buffer.from([0, 0, 2, 0, 1, 0x80, 0, 0, 1]), Buffer.from('ab')]),
    ],
  ] as readonly [string, ...Uint8Array[]][]) {
    test(`${what}, in one piece and byte by byte`, async () => {
      await using own = await start()
      own.raw.send(...frames)
      assert.equal((await own.raw.sees(FRAME.data, 1)).payload.toString(), '2')
      await using slow = await start()
      for (const byte of Buffer.concat(frames)) slow.raw.socket.write(Buffer.from([byte]))
      assert.equal((await slow.raw.sees(FRAME.data, 1)).payload.toString(), '2')
    })
  }

  test('what was sent before a reset was heard of', async () => {
    await using own = await start(({ stream }) => {
      stream.sendHead([':status', '200'], true)
    })
    own.raw.send(headers(1, 0))
    assert.equal((await own.raw.sees(FRAME.reset, 1)).payload.readUInt32BE(), 0)
    own.raw.send(data(1, 'late'), frame(FRAME.windowUpdate, 0, 1, u32(1)), whole(1, field('x-t', '1')), whole(3))
    await own.raw.sees(FRAME.headers, 3)
  })
})

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
    own.raw.send(whole(5))
    await own.raw.isAnsweredPing()
    for (const asked of held) await answer(asked)
    assert.equal(await own.raw.code(), 0)
    assert.deepEqual(
      own.raw.of(FRAME.headers).map(({ stream }) => stream),
      [1, 3],
    )
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
