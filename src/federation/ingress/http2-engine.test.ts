import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { FLAG, FRAME, fieldsOf, frame } from '#test/federation/raw-http2.ts'
import { rawClient } from '#test/http2/loopback.ts'
import { startHttp2 } from './http2-engine.ts'

const INTERNAL_ERROR = 2
const HEAD = { ':method': 'POST', ':scheme': 'https', ':authority': 'own.test', ':path': '/x' }

test('an answer that cannot be sent is reset, and the connection goes on', async () => {
  const connections: { destroy(): void }[] = []
  const server = createServer((socket: Socket) => {
    const connection = startHttp2(socket as TLSSocket, {
      door: async ({ target }) => ({
        status: 200,
        headers: { 'content-type': target === '/bad' ? 'a\r\nb: c' : 'text/plain' },
        body: Buffer.from('yes'),
      }),
      from: { address: undefined, identity: { fingerprint: '', header: '', matches: () => true } },
      clock: systemClock,
      log: nullLog,
      onClosed: () => {},
    })
    connections.push(connection)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const raw = await rawClient(address.port)
  const ask = (stream: number, path: string) =>
    frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, fieldsOf({ ...HEAD, ':path': path }))
  raw.send(ask(1, '/bad'), ask(3, '/good'))
  assert.equal((await raw.sees(FRAME.reset, 1)).payload.readUInt32BE(), INTERNAL_ERROR)
  assert.equal((await raw.sees(FRAME.data, 3)).payload.toString(), 'yes')
  for (const connection of connections) connection.destroy()
  server.close()
})
