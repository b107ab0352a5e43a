import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { type ConnectionPool, connectionPool, type PoolOptions } from './connection-pool.ts'
import type { HttpRequest } from './connection.ts'
import { readAll } from './wire.ts'

interface Played extends AsyncDisposable {
  readonly url: string
  /** What has come on each connection, in the order in which they were opened. */
  readonly heard: string[]
}

/** A server that answers with exactly these bytes as soon as a request, and perhaps a body, has come. */
const play = async (answer: (request: string, socket: Socket, connection: number) => void): Promise<Played> => {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const connection = heard.push('') - 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      heard[connection] += chunk.toString('latin1')
      answer(heard[connection] ?? '', socket, connection)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address)
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const poolTo = ({ url }: Played, options: Partial<PoolOptions> = {}): ConnectionPool =>
  connectionPool(url, {
    connectionsMax: 2,
    keepAliveMs: 60_000,
    connectTimeoutMs: 10_000,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    ...options,
  })

const GET: HttpRequest = { method: 'GET', path: '/', headers: {}, body: new Uint8Array(0) }

const textOf = async (asked: ReturnType<ConnectionPool['request']>): Promise<string> =>
  Buffer.from(await readAll((await asked).body)).toString()

const OK = 'HTTP/1.1 200 OK\r\n'

const ANSWERS: Readonly<Record<string, { readonly sent: readonly string[]; readonly read: string }>> = {
  'a length': { sent: [`${OK}Content-Length: 4\r\n\r\nbody`], read: 'body' },
  'a length of nothing': { sent: [`${OK}Content-Length: 0\r\n\r\n`], read: '' },
  'a head in pieces': { sent: ['HTTP/1.1 20', '0 OK\r\ncontent-length:4\r', '\n\r', '\nbo', 'dy'], read: 'body' },
  'no reason phrase': { sent: ['HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok'], read: 'ok' },
  chunks: { sent: [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`], read: 'body' },
  'chunks in pieces': {
    sent: [
      `${OK}transfer-encoding: Chunked\r\n\r`,
      '\n0',
      '2;note="a;b"\r',
      '\nb',
      'o\r',
      '\n2\r\ndy',
      '\r\n0',
      '\r\n\r\n',
    ],
    read: 'body',
  },
  'chunks with trailers': {
    sent: [`${OK}transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0;last\r\nchecksum: 1\r\nand: 2\r\n\r\n`],
    read: 'body',
  },
  'announced answers first': {
    sent: ['HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', `${OK}content-length: 4\r\n\r\nbody`],
    read: 'body',
  },
}

for (const [what, { sent, read }] of Object.entries(ANSWERS)) {
  test(`reads an answer with ${what}, and asks again on the same connection`, async () => {
    await using server = await play((_request, socket) => void sendPieces(socket, sent))
    await using pool = poolTo(server)
    assert.equal(await textOf(pool.request(GET)), read)
    assert.equal(await textOf(pool.request(GET)), read)
    assert.equal(server.heard.length, 1)
  })
}

/** Each piece in a packet of its own. */
const sendPieces = async (socket: Socket, pieces: readonly string[]): Promise<void> => {
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('reads to the end of the connection where nothing says how far the body goes', async () => {
  await using server = await play((_request, socket) => socket.end(`${OK}\r\nall of it`))
  await using pool = poolTo(server)
  assert.equal(await textOf(pool.request(GET)), 'all of it')
})

test('a list of values stays a list, and names are in lower case', async () => {
  const head = `${OK}Set-Cookie: a=1\r\nset-cookie: b=2; x\r\nX-Note: \t padded \t\r\ncontent-length: 0\r\n\r\n`
  await using server = await play((_request, socket) => void socket.write(head))
  await using pool = poolTo(server)
  const { headers } = await pool.request(GET)
  assert.deepEqual(headers, { 'set-cookie': ['a=1', 'b=2; x'], 'x-note': 'padded', 'content-length': '0' })
})

test('the answer to HEAD has no body, whatever it says', async () => {
  await using server = await play((_request, socket) => void socket.write(`${OK}content-length: 100\r\n\r\n`))
  await using pool = poolTo(server)
  assert.equal(await textOf(pool.request({ ...GET, method: 'HEAD' })), '')
  assert.equal(await textOf(pool.request({ ...GET, method: 'HEAD' })), '')
  assert.equal(server.heard.length, 1)
})

const MALFORMED: Readonly<Record<string, string>> = {
  'a length and chunks': `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'two lengths': `${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`,
  'a list of lengths': `${OK}content-length: 2, 2\r\n\r\nab`,
  'a signed length': `${OK}content-length: +2\r\n\r\nab`,
  'another coding': `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'a space before the colon': `${OK}content-length : 2\r\n\r\nab`,
  'a continued line': `${OK}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`,
  'a line without colon': `${OK}nothing\r\ncontent-length: 0\r\n\r\n`,
  'a bare line feed': `${OK}a: b\ncontent-length: 0\r\n\r\n`,
  'a bare carriage return': `${OK}a: b\rc\r\ncontent-length: 0\r\n\r\n`,
  'a zero byte': `${OK}a: \0\r\ncontent-length: 0\r\n\r\n`,
  'a name that means something to an object': `${OK}__proto__: a\r\ncontent-length: 0\r\n\r\n`,
  'another protocol': 'HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n',
  'an upgrade': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\n\r\n',
  'a size that is none': `${OK}transfer-encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n`,
  'a size without digits': `${OK}transfer-encoding: chunked\r\n\r\n\r\nab\r\n0\r\n\r\n`,
  'a size beyond reason': `${OK}transfer-encoding: chunked\r\n\r\n1000000000000\r\nab`,
  'a chunk longer than its size': `${OK}transfer-encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n`,
  'chunks that end with line feeds': `${OK}transfer-encoding: chunked\r\n\r\n2\nab\n0\n\n`,
  'a head without end': `${OK}${'a: b\r\n'.repeat(20_000)}`,
}

for (const [what, sent] of Object.entries(MALFORMED)) {
  test(`refuses an answer with ${what}`, async () => {
    await using server = await play((_request, socket) => void socket.write(sent, 'latin1'))
    await using pool = poolTo(server)
    await assert.rejects(textOf(pool.request(GET)), /no valid HTTP/)
  })
}

const CUT: Readonly<Record<string, string>> = {
  'before the head': '',
  'in the head': 'HTTP/1.1 200 OK\r\ncontent-',
  'in a body of known length': `${OK}content-length: 4\r\n\r\nbod`,
  'in a long body of known length': `${OK}content-length: 400000\r\n\r\nbod`,
  'in a chunk': `${OK}transfer-encoding: chunked\r\n\r\n4\r\nbod`,
  'between chunks': `${OK}transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n`,
  'before the last line of the trailers': `${OK}transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n`,
}

for (const [where, sent] of Object.entries(CUT)) {
  test(`an answer that is cut off ${where} is none`, async () => {
    await using server = await play((_request, socket) => socket.end(sent))
    await using pool = poolTo(server)
    await assert.rejects(textOf(pool.request(GET)))
  })
}

test('what comes without having been asked for is never taken for an answer', async () => {
  const answers = [`${OK}content-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`]
  await using server = await play((_request, socket) => {
    socket.write(answers.pop() ?? `${OK}content-length: 4\r\n\r\ngood`)
  })
  await using pool = poolTo(server)
  assert.equal(await textOf(pool.request(GET)), 'ok')
  assert.equal(await textOf(pool.request(GET)), 'good')
  assert.equal(server.heard.length, 2)
})

test('so many connections and no more: who finds none free waits', async () => {
  let answer = (): void => {}
  const asked = Promise.withResolvers<void>()
  await using server = await play((_request, socket, connection) => {
    const whole = (): void => void socket.write(`${OK}content-length: 1\r\n\r\n${connection}`)
    if (connection > 0) return whole()
    answer = whole
    asked.resolve()
  })
  await using pool = poolTo(server, { connectionsMax: 1 })
  const first = textOf(pool.request(GET))
  await asked.promise
  const second = textOf(pool.request(GET))
  answer()
  assert.equal(await first, '0')
  answer()
  assert.equal(await second, '0')
  assert.equal(server.heard.length, 1)
})

test('headers cannot be smuggled in through a value, a name or a path', async () => {
  await using server = await play((_request, socket) => void socket.write(`${OK}content-length: 2\r\n\r\nok`))
  await using pool = poolTo(server)
  await assert.rejects(pool.request({ ...GET, headers: { a: 'b\r\nc: d' } }), /forbidden/)
  await assert.rejects(pool.request({ ...GET, headers: { 'a: b\r\nc': 'd' } }), /forbidden/)
  await assert.rejects(pool.request({ ...GET, headers: { a: '\u010d' } }), /forbidden/)
  await assert.rejects(pool.request({ ...GET, path: '/ HTTP/1.1\r\na: b' }), /forbidden/)
  assert.equal(await textOf(pool.request({ ...GET, headers: { fine: 'a\tb' } })), 'ok')
  assert.equal(server.heard.length, 1)
})

test('how a message is carried is not for its headers to say', async () => {
  await using server = await play((_request, socket) => void socket.write(`${OK}content-length: 2\r\n\r\nok`))
  await using pool = poolTo(server)
  const headers = {
    host: 'elsewhere',
    'content-length': '1',
    'transfer-encoding': 'chunked',
    connection: 'close',
    a: 'b',
  }
  await pool.request({ ...GET, method: 'POST', headers, body: Buffer.from('body') })
  const host = new URL(server.url).host
  assert.equal(server.heard[0], `POST / HTTP/1.1\r\nhost: ${host}\r\na: b\r\ncontent-length: 4\r\n\r\nbody`)
})

test('a body that comes in pieces goes in chunks, and has no end when it breaks off', async () => {
  const broken = Promise.withResolvers<void>()
  await using server = await play((request, socket) => {
    if (request.includes('whole') && request.endsWith('0\r\n\r\n')) socket.write(`${OK}content-length: 2\r\n\r\nok`)
    socket.once('close', () => broken.resolve())
  })
  await using pool = poolTo(server, { connectionsMax: 1 })
  const whole = async function* () {
    yield Buffer.from('who')
    yield new Uint8Array(0)
    yield Buffer.from('le')
  }
  const half = async function* () {
    yield Buffer.from('half')
    throw new Error('the sender went away')
  }
  assert.equal(await textOf(pool.request({ ...GET, method: 'PUT', path: '/whole', body: whole() })), 'ok')
  assert.ok(server.heard[0]?.endsWith('\r\ntransfer-encoding: chunked\r\n\r\n3\r\nwho\r\n2\r\nle\r\n0\r\n\r\n'))
  await assert.rejects(pool.request({ ...GET, method: 'PUT', body: half() }), /went away/)
  await broken.promise
  assert.ok(server.heard[0]?.endsWith('4\r\nhalf\r\n'))
})

test('a body whose length was announced has that length or no end', async () => {
  await using server = await play((request, socket) => {
    if (request.endsWith('\r\n\r\nwhole')) socket.write(`${OK}content-length: 2\r\n\r\nok`)
  })
  await using pool = poolTo(server)
  const whole = async function* () {
    yield Buffer.from('who')
    yield Buffer.from('le')
  }
  const put = (length: string) =>
    pool.request({ ...GET, method: 'PUT', headers: { 'content-length': length }, body: whole() })
  assert.equal(await textOf(put('5')), 'ok')
  await assert.rejects(put('4'), /longer/)
  await assert.rejects(put('6'), /shorter/)
})

test('who stops waiting is told at once, and the connection is given up', async () => {
  const closed = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  await using server = await play((_request, socket) => {
    socket.once('close', () => closed.resolve())
    asked.resolve()
  })
  await using pool = poolTo(server, { connectionsMax: 1 })
  const [first, second] = [new AbortController(), new AbortController()]
  const under = pool.request({ ...GET, signal: first.signal })
  const waiting = pool.request({ ...GET, signal: second.signal })
  await asked.promise
  second.abort(new Error('no time to wait'))
  await assert.rejects(waiting, /no time to wait/)
  first.abort(new Error('enough'))
  await assert.rejects(under, /enough/)
  await closed.promise
  await assert.rejects(pool.request({ ...GET, signal: first.signal }), /enough/)
})

test('an answer that does not begin, does not go on or is not waited for has its time', async () => {
  await using server = await play((request, socket) => {
    if (request.includes('/begun')) socket.write(`${OK}content-length: 400000\r\n\r\nbegun`)
  })
  await using pool = poolTo(server, { headersTimeoutMs: 20, bodyTimeoutMs: 20, connectionsMax: 1 })
  const [silent, queued] = [pool.request(GET), pool.request(GET)]
  await assert.rejects(silent, /in time/)
  await assert.rejects(queued, /in time/)
  await assert.rejects(textOf(pool.request({ ...GET, path: '/begun' })), /in time/)
})

test('a reader that takes nothing holds the sender back, and one that goes away ends it', async () => {
  const piece = Buffer.alloc(1024 * 1024)
  const closed = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  await using server = await play((_request, socket) => {
    socket.once('close', () => closed.resolve())
    socket.write(`${OK}content-length: ${1024 * piece.length}\r\n\r\n`)
    const more = (): void => {
      while (!socket.destroyed && socket.writableLength < 8 * piece.length) socket.write(piece)
      held.resolve()
    }
    socket.on('drain', more)
    more()
  })
  await using pool = poolTo(server, { bodyTimeoutMs: 20 })
  const { body } = await pool.request(GET)
  await held.promise
  assert.ok(!(body instanceof Uint8Array))
  for await (const chunk of body) {
    assert.ok(chunk.length > 0)
    break
  }
  await closed.promise
})

test('a connection that the other side is about to close is not used again', async () => {
  await using server = await play((_request, socket) => {
    socket.write(`${OK}Keep-Alive: timeout=1\r\ncontent-length: 2\r\n\r\nok`)
  })
  await using pool = poolTo(server)
  assert.equal(await textOf(pool.request(GET)), 'ok')
  assert.equal(await textOf(pool.request(GET)), 'ok')
  assert.equal(server.heard.length, 2)
})

test('closing lets what is under way finish, and takes nothing new', async () => {
  let answer = (): void => {}
  const asked = Promise.withResolvers<void>()
  await using server = await play((_request, socket) => {
    answer = () => void socket.write(`${OK}content-length: 2\r\n\r\nok`)
    asked.resolve()
  })
  const pool = poolTo(server)
  const under = textOf(pool.request(GET))
  await asked.promise
  const closing = pool[Symbol.asyncDispose]()
  await assert.rejects(pool.request(GET), /no more/)
  answer()
  assert.equal(await under, 'ok')
  await closing
})
