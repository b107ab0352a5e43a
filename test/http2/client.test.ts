/**
 * What a client has to make of a server, by the frame: what is an answer, what is half of one, what may be sent again,
 * and what ends the connection. An engine that takes the place of ours has to pass as well.
 */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { readAll } from '#src/kit/http/wire.ts'
import { testClock } from '#src/kit/clock.ts'
import { StreamBroken } from '#src/kit/http2/errors.ts'
import type { AnswerHead } from '#src/kit/http2/messages.ts'
import { pour } from '#src/kit/http2/pour.ts'
import type { Http2Stream } from '#src/kit/http2/stream.ts'
import { until } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, field, fieldsOf, frame } from '#test/federation/raw-http2.ts'
import { clientOptions, setting, startOwnClient, u32 } from './loopback.ts'

const FIELDS = [':method', 'POST', ':scheme', 'https', ':authority', 'peer.test', ':path', '/x']
const CODE = { none: 0, protocol: 1, flowControl: 3, closed: 5, size: 6, refused: 7, cancel: 8 }
const PUSH_PROMISE = 5

type Own = Awaited<ReturnType<typeof startOwnClient>>

interface Answer {
  readonly status: number
  readonly fields: readonly string[]
  readonly text: string
}

const start = async (options = clientOptions()): Promise<Own> => {
  const own = await startOwnClient(options)
  own.peer.send(frame(FRAME.settings, 0, 0), frame(FRAME.settings, FLAG.ack, 0))
  await until(() => own.settings() === 1, 'the settings arrive')
  return own
}

/** Asks, and reads the answer to its end; rejects when there is none or it breaks off. */
const ask = (
  { client }: Own,
  body: Uint8Array | Readable = Buffer.from('[]'),
  onStream: (stream: Http2Stream<AnswerHead>) => void = () => {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const stream = client.request(
      { method: 'POST', fields: FIELDS, hasBody: true },
      {
        onMessage: ({ status, fields }, answer) =>
          void readAll(answer).then(
            (bytes) => resolve({ status, fields, text: Buffer.from(bytes).toString() }),
            reject,
          ),
        onClosed: (error) => error && reject(error),
      },
    )
    onStream(stream)
    pour(body, stream)
  })

const head = (stream: number, flags = 0, status = '200', more: Uint8Array = Buffer.alloc(0)) =>
  frame(FRAME.headers, flags | FLAG.endHeaders, stream, Buffer.concat([fieldsOf({ ':status': status }), more]))
const data = (stream: number, text: string, flags = 0) => frame(FRAME.data, flags, stream, Buffer.from(text))
const reset = (stream: number, code: number) => frame(FRAME.reset, 0, stream, u32(code))
const goaway = (last: number, code = 0) => frame(FRAME.goaway, 0, 0, Buffer.concat([u32(last), u32(code)]))
const END = FLAG.endStream

describe('is an answer', () => {
  for (const [what, text, ...frames] of [
    ['head and body in one frame each', 'yes', head(1), data(1, 'yes', END)],
    ['a head alone', '', head(1, END)],
    ['a body that ends with an empty frame', 'yes', head(1), data(1, 'yes'), data(1, '', END)],
    [
      'with trailers, which are dropped',
      'yes',
      head(1),
      data(1, 'yes'),
      frame(FRAME.headers, END | FLAG.endHeaders, 1, field('x-t', '1')),
    ],
    [
      'after others that only announce it',
      'yes',
      head(1, 0, '100'),
      head(1, 0, '103', field('link', '</x>')),
      head(1),
      data(1, 'yes', END),
    ],
    ['of the announced length', 'yes', head(1, 0, '200', field('content-length', '3')), data(1, 'yes', END)],
    ['204 that announces a length all the same', '', head(1, END, '204', field('content-length', '3'))],
    ['304 with the length of what it does not have', '', head(1, END, '304', field('content-length', '3'))],
    ['complete before it is reset without error (§8.1)', 'yes', head(1), data(1, 'yes', END), reset(1, CODE.none)],
    ['complete before the connection is lost', 'yes', head(1), data(1, 'yes', END)],
  ] as readonly [string, string, ...Uint8Array[]][]) {
    test(what, async () => {
      await using own = await start()
      const asked = ask(own)
      await own.peer.sees(FRAME.data, 1)
      own.peer.send(...frames)
      own.peer.socket.end()
      assert.equal((await asked).text, text)
    })
  }

  test('in pieces that come a byte at a time', async () => {
    await using own = await start()
    const asked = ask(own)
    await own.peer.sees(FRAME.data, 1)
    for (const byte of Buffer.concat([head(1), data(1, 'slowly'), data(1, ' but whole', END)])) {
      own.peer.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await asked).text, 'slowly but whole')
  })

  test('with its fields', async () => {
    await using own = await start()
    const asked = ask(own)
    await own.peer.sees(FRAME.data, 1)
    own.peer.send(head(1, END, '429', field('retry-after', '3')))
    const { status, fields } = await asked
    assert.deepEqual([status, fields], [429, ['retry-after', '3']])
  })

  test('before the request was sent in full: then the rest is taken back', async () => {
    await using own = await start()
    const never = new Readable({ read() {} })
    const asked = ask(own, never)
    await own.peer.sees(FRAME.headers, 1)
    own.peer.send(head(1, 0, '413'), data(1, 'too much', END))
    assert.equal((await asked).text, 'too much')
    assert.equal((await own.peer.sees(FRAME.reset, 1)).payload.readUInt32BE(), CODE.cancel)
    await until(() => never.destroyed, 'whoever made the body is told to stop')
  })
})

describe('is no answer', () => {
  for (const [what, ...frames] of [
    ['half a body, and then a reset', head(1), data(1, 'half'), reset(1, 2)],
    ['half a body, and then a reset without error', head(1), data(1, 'half'), reset(1, CODE.none)],
    ['half a body, and then a goodbye and the end', head(1), data(1, 'half'), goaway(1)],
    ['half a frame', head(1), data(1, 'half', END).subarray(0, 11)],
    ['a body shorter than announced', head(1, 0, '200', field('content-length', '5')), data(1, 'half', END)],
    ['a body longer than announced', head(1, 0, '200', field('content-length', '3')), data(1, 'half', END)],
    ['a body where there must be none', head(1, 0, '204'), data(1, 'half', END)],
    ['an announcement and no answer', head(1, 0, '103')],
    ['an announcement with which all ends', head(1, END, '103')],
    ['switching protocols', head(1, 0, '101'), data(1, 'half', END)],
    ['no status', frame(FRAME.headers, END | FLAG.endHeaders, 1, field('x-a', 'a'))],
    ['a status that is none', head(1, END, '99')],
    ['two statuses', head(1, END, '200', field(':status', '200'))],
    ['a field of the connection', head(1, END, '200', field('connection', 'close'))],
    ['a body before the head', data(1, 'half', END)],
    [
      'trailers after which something may come',
      head(1),
      data(1, 'half'),
      frame(FRAME.headers, FLAG.endHeaders, 1, field('x-t', '1')),
    ],
    ['a line break in a value', head(1, END, '200', field('x-a', 'a\r\nb: c'))],
    ['too many fields', head(1, END, '200', Buffer.concat(Array.from({ length: 101 }, () => field('x-a', 'a'))))],
  ] as readonly [string, ...Uint8Array[]][]) {
    test(what, async () => {
      await using own = await start()
      const asked = ask(own)
      await own.peer.sees(FRAME.data, 1)
      own.peer.send(...frames)
      own.peer.socket.end()
      await assert.rejects(asked, (error) => error instanceof StreamBroken && !error.isUnprocessed)
    })
  }
})

describe('may be sent again', () => {
  for (const [what, frames, isUnprocessed] of [
    ['what a peer refuses', [reset(1, CODE.refused)], true],
    ['what a peer will not begin before it leaves', [goaway(0)], true],
    ['what a peer resets for another reason', [reset(1, 2)], false],
    ['what a peer may have begun before it left', [goaway(1), Buffer.alloc(0)], false],
  ] as readonly [string, Uint8Array[], boolean][]) {
    test(`${what}: ${isUnprocessed}`, async () => {
      await using own = await start()
      const asked = ask(own)
      await own.peer.sees(FRAME.data, 1)
      own.peer.send(...frames)
      if (!isUnprocessed) own.peer.socket.end()
      await assert.rejects(asked, (error) => error instanceof StreamBroken && error.isUnprocessed === isUnprocessed)
    })
  }

  test('what was asked after the goodbye', async () => {
    await using own = await start()
    const first = ask(own)
    await own.peer.sees(FRAME.data, 1)
    own.peer.send(goaway(1))
    await until(() => own.goodbyes() === 1, 'the goodbye arrives')
    await assert.rejects(ask(own), (error) => error instanceof StreamBroken && error.isUnprocessed)
    own.peer.send(head(1), data(1, 'yes', END))
    assert.equal((await first).text, 'yes')
    assert.equal(await own.closed, undefined)
  })
})

describe('ends the connection', () => {
  for (const [what, code, ...frames] of [
    [
      'a promise to push',
      CODE.protocol,
      frame(PUSH_PROMISE, FLAG.endHeaders, 1, Buffer.concat([u32(2), fieldsOf({ ':status': '200' })])),
    ],
    ['an answer to what was not asked', CODE.protocol, head(3, END)],
    ['an answer on a stream of the peer', CODE.protocol, head(2, END)],
    [
      'more than the window lets through',
      CODE.flowControl,
      head(1),
      ...Array.from({ length: 17 }, () => data(1, 'x'.repeat(16 * 1024))),
    ],
    ['data after the end', CODE.closed, head(1), data(1, 'yes', END), data(1, 'more')],
    ['headers after the end', CODE.closed, head(1), data(1, 'yes', END), head(1, END)],
    ['a frame that is too large', CODE.size, head(1), data(1, 'x'.repeat(70_000))],
  ] as readonly [string, number, ...Uint8Array[]][]) {
    test(what, async () => {
      await using own = await start()
      // Nobody reads the answer, so that its window stays as it is.
      own.client.request(
        { method: 'POST', fields: FIELDS, hasBody: false },
        { onMessage: () => {}, onClosed: () => {} },
      )
      await own.peer.sees(FRAME.headers, 1)
      own.peer.send(...frames)
      assert.equal(await own.peer.code(), code)
    })
  }
})

describe('a client', () => {
  test('says hello first: preface, settings without push, and a large window', async () => {
    await using own = await startOwnClient()
    const settings = await own.peer.sees(FRAME.settings, 0)
    assert.deepEqual(settings.payload.subarray(0, 6), setting(2, 0))
    assert.equal((await own.peer.sees(FRAME.windowUpdate, 0)).payload.readUInt32BE(), 1024 * 1024 - 65_535)
  })

  test('says what it says again in a few bytes', async () => {
    await using own = await start()
    for (const stream of [1, 3]) {
      const asked = ask(own)
      await own.peer.sees(FRAME.data, stream)
      own.peer.send(head(stream, END))
      await asked
    }
    assert.equal(own.peer.of(FRAME.headers)[1]?.payload.length, 4)
  })

  test('resets a request that is half sent and breaks off, and never ends it', async () => {
    await using own = await start()
    async function* half(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      throw new Error('broken')
    }
    await assert.rejects(ask(own, Readable.from(half(), { objectMode: false })), /broke off/)
    await own.peer.sees(FRAME.reset, 1)
    assert.ok(own.peer.of(FRAME.data).every(({ flags }) => flags === 0))
  })

  test('keeps to the window, and holds back whoever makes the body', async () => {
    await using own = await start()
    let made = 0
    const source = new Readable({
      read() {
        made += 10_000
        this.push(made > 500_000 ? null : Buffer.alloc(10_000))
      },
    })
    const asked = ask(own, source)
    const sent = () => own.peer.of(FRAME.data).reduce((sum, { payload }) => sum + payload.length, 0)
    await until(() => sent() === 65_535, 'the window is used up')
    await own.peer.isAnsweredPing()
    assert.equal(sent(), 65_535)
    assert.ok(made < 300_000, `${made} bytes were made`)
    own.peer.send(frame(FRAME.windowUpdate, 0, 0, u32(1_000_000)), frame(FRAME.windowUpdate, 0, 1, u32(1_000_000)))
    await until(() => sent() === 500_000, 'the rest comes')
    own.peer.send(head(1, END))
    await asked
  })

  test('opens the windows as the answer is read, and not before', async () => {
    await using own = await start()
    const bodies: Readable[] = []
    own.client.request(
      { method: 'POST', fields: FIELDS, hasBody: false },
      { onMessage: (_head, body) => body instanceof Readable && bodies.push(body), onClosed: () => {} },
    )
    await own.peer.sees(FRAME.headers, 1)
    own.peer.send(head(1), ...Array.from({ length: 16 }, () => data(1, 'x'.repeat(16 * 1024))))
    await until(() => bodies.length === 1, 'the answer begins')
    await own.peer.isAnsweredPing()
    assert.equal(own.peer.of(FRAME.windowUpdate).filter(({ stream }) => stream === 1).length, 0)
    bodies[0]?.resume()
    assert.equal((await own.peer.sees(FRAME.windowUpdate, 1)).payload.readUInt32BE() >= 128 * 1024, true)
  })

  test('gives up an answer that does not begin, and one that does not go on', async () => {
    const clock = testClock()
    await using own = await start(clientOptions({ clock, answerMs: 5_000, bodyIdleMs: 3_000 }))
    const silent = ask(own)
    await own.peer.sees(FRAME.data, 1)
    await clock.advance(4_999)
    assert.equal(own.peer.of(FRAME.reset).length, 0)
    await Promise.all([assert.rejects(silent, /no response headers in time/), clock.advance(1)])
    const stuck = ask(own)
    await own.peer.sees(FRAME.data, 3)
    const rejected = assert.rejects(stuck, /stopped coming/)
    own.peer.send(head(3), data(3, 'half'))
    await own.peer.isAnsweredPing()
    await clock.advance(3_000)
    await rejected
  })

  test('is told of a peer that sends a frame and never its end', async () => {
    const clock = testClock()
    await using own = await start(clientOptions({ clock, halfWayMs: 15_000 }))
    own.peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8)).subarray(0, 12))
    for (let count = 0; count < 5; count++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      await clock.advance(5_000)
    }
    assert.equal(await own.peer.code(), 4)
  })
})
