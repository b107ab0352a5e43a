/** The attacker of the hostile tests: whoever it attacks may hang up on it, in whatever way and at any moment. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { rawOver } from './raw-http2.ts'

// More than the system takes for somebody who does not read.
const MORE_THAN_FITS = Buffer.alloc(32 * 1024 * 1024)

const attacking = async (endIt: (attacker: Socket) => void) => {
  const server = createServer({ pauseOnConnect: true }, endIt).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1')
  await once(socket, 'connect')
  return { raw: rawOver(socket), [Symbol.asyncDispose]: async () => void server.close() }
}

test('a connection that is reset while something is written has been ended, and nothing failed', async () => {
  const accepted = Promise.withResolvers<Socket>()
  await using attack = await attacking(accepted.resolve)
  using raw = attack.raw
  const sent = raw.send(MORE_THAN_FITS)
  const server = await accepted.promise
  server.resetAndDestroy()
  await sent
  assert.ok(raw.isClosed)
})

test('what is sent after the other end has gone is given up', async () => {
  await using attack = await attacking((attacker) => void attacker.destroy())
  using raw = attack.raw
  raw.socket.pause()
  await raw.send(MORE_THAN_FITS)
  await raw.send(MORE_THAN_FITS)
  assert.ok(raw.isClosed)
})
