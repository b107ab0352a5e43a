import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { systemClock, testClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { FLAG, FRAME, fieldsOf, frame } from '#test/federation/raw-http2.ts'
import { type RawEnd, rawClient } from '#test/http2/loopback.ts'
import { REFUSED_MS } from '../limits.ts'
import type { Knocker } from './door.ts'
import { type Http2Needs, startHttp2 } from './http2-engine.ts'

const INTERNAL_ERROR = 2
const HEAD = { ':method': 'POST', ':scheme': 'https', ':authority': 'own.test', ':path': '/x' }

interface Started extends Disposable {
  readonly raw: RawEnd
}

const start = async (special: Partial<Http2Needs>): Promise<Started> => {
  const connections: { destroy(): void }[] = []
  const server = createServer((socket: Socket) => {
    const connection = startHttp2(socket as TLSSocket, {
      door: async () => ({ status: 400, headers: {}, body: Buffer.from('no') }),
      from: { address: undefined, identity: { fingerprint: '', header: '', matches: () => true } },
      clock: systemClock,
      log: nullLog,
      onClosed: () => {},
      ...special,
    })
    connections.push(connection)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    raw: await rawClient(address.port),
    [Symbol.dispose]: () => {
      for (const connection of connections) connection.destroy()
      server.close()
    },
  }
}

test('an answer that cannot be sent is reset, and the connection goes on', async () => {
  using started = await start({
    door: async ({ target }) => ({
      status: 200,
      headers: { 'content-type': target === '/bad' ? 'a\r\nb: c' : 'text/plain' },
      body: Buffer.from('yes'),
    }),
  })
  const { raw } = started
  const ask = (stream: number, path: string) =>
    frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, fieldsOf({ ...HEAD, ':path': path }))
  raw.send(ask(1, '/bad'), ask(3, '/good'))
  assert.equal((await raw.sees(FRAME.reset, 1)).payload.readUInt32BE(), INTERNAL_ERROR)
  assert.equal((await raw.sees(FRAME.data, 3)).payload.toString(), 'yes')
})

const STRANGER: Knocker = { address: undefined, identity: undefined }
const BEGINNING = frame(FRAME.headers, FLAG.endHeaders, 1, fieldsOf(HEAD))

test('a stranger is refused when he has said what he had to say', async () => {
  const knocks: string[] = []
  using started = await start({
    from: STRANGER,
    door: async () => {
      knocks.push('refused')
      return { status: 400, headers: {}, body: Buffer.from('no') }
    },
  })
  const { raw } = started
  raw.send(BEGINNING)
  // By the second one his request has been passed on as far as it has come.
  for (let pings = 0; pings < 2; pings += 1) await raw.isAnsweredPing()
  assert.deepEqual(knocks, [])
  raw.send(frame(FRAME.data, FLAG.endStream, 1, Buffer.from('[]')))
  assert.equal((await raw.sees(FRAME.data, 1)).payload.toString(), 'no')
  assert.deepEqual(knocks, ['refused'])
})

test('or has said too much', async () => {
  using started = await start({ from: STRANGER })
  const { raw } = started
  raw.send(BEGINNING, ...Array.from({ length: 3 }, () => frame(FRAME.data, FLAG.none, 1, Buffer.alloc(10_000))))
  assert.equal((await raw.sees(FRAME.data, 1)).payload.toString(), 'no')
})

test('or says nothing for a while', async () => {
  const clock = testClock()
  using started = await start({ from: STRANGER, clock })
  const { raw } = started
  raw.send(BEGINNING)
  const answer = raw.sees(FRAME.data, 1)
  const isAnswered = answer.then(() => true)
  for (let rounds = 0; rounds < 100; rounds += 1) {
    if (await Promise.race([isAnswered, systemClock.sleep(10).then(() => false)])) break
    await clock.advance(REFUSED_MS / 2)
  }
  assert.equal((await answer).payload.toString(), 'no')
})
