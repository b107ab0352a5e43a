import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { readAll } from '#src/kit/http/wire.ts'
import { passBody, type Patience } from './passing-body.ts'

/** Sends what `send` sends, and tells what became of the body. */
const passing = async (send: (call: ReturnType<typeof request>) => void, patience?: Patience, headers = {}) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const call = request({ port: address.port, host: '127.0.0.1', method: 'POST', headers })
  call.on('error', () => {})
  try {
    const arrived = once(server, 'request') as Promise<[IncomingMessage]>
    send(call)
    const [incoming] = await arrived
    const body = passBody(incoming, systemClock, patience)
    const result = await readAll(body.stream).catch((error: unknown) => error)
    assert.equal(result instanceof Refusal ? result : undefined, body.failure())
    return result
  } finally {
    call.destroy()
    server.closeAllConnections()
    server.close()
  }
}

test('a body passes as it comes', async () => {
  const result = await passing((call) => {
    call.write('one ')
    call.end('two')
  })
  assert.equal(Buffer.from(result as Uint8Array).toString(), 'one two')
})

test('a client that sends too slowly is refused while it still sends', async () => {
  const result = await passing((call) => call.write('one byte and then nothing'), { graceMs: 50, bytesPerSecond: 1e9 })
  assert.ok(result instanceof Refusal)
  assert.equal(result.status, 408)
})

test('a client that goes away has sent an incomplete body', async () => {
  const result = await passing((call) => {
    call.write('half')
    setImmediate(() => call.destroy())
  })
  assert.ok(result instanceof Refusal)
  assert.deepEqual([result.status, result.label], [400, 'incomplete-body'])
})

test('a compressed body is refused before it is read', async () => {
  const sending = passing((call) => call.write('x'), undefined, { 'content-encoding': 'gzip' })
  await assert.rejects(sending, (error) => error instanceof Refusal && error.status === 415)
})
