/**
 * What a server has to do by RFC 9113, frame by frame: what ends the connection and with which code, what ends a stream,
 * and what is let pass. An engine that takes the place of ours has to pass as well.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked } from '#src/kit/http2/server.ts'
import { until } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, field, fieldsOf, frame } from '#test/federation/raw-http2.ts'
import { rawClient, setting, startOwnServer, u32 } from './loopback.ts'
import {
  HEAD,
  PADDED,
  PRIORITY,
  PRIORITY_FRAME,
  PUSH_PROMISE,
  NONE,
  headers,
  whole,
  data,
  withLength,
  without,
  plus,
  STATUS_200,
  answer,
  start,
  CODE,
} from './requests.ts'

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
