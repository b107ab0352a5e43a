import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#src/kit/clock.ts'
import { dial } from './dial.ts'

const listening = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.dispose]: () => void server.close() }
}
const options = (signal = new AbortController().signal) => ({
  clock: systemClock,
  signal,
  refusalOf: () => undefined,
})

test('an address that refuses is passed over at once', async () => {
  using server = await listening()
  // 127.0.0.2 is this machine too, and nobody listens there.
  const socket = await dial(['127.0.0.2', '::1', '127.0.0.1'], server.port, options())
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
})

test('when every address refuses, all reasons are told', async () => {
  const server = await listening()
  server[Symbol.dispose]()
  await assert.rejects(dial(['127.0.0.1', '127.0.0.2'], server.port, options()), (error: unknown) => {
    assert.ok(error instanceof AggregateError)
    assert.equal(error.errors.length, 2)
    return true
  })
})

test('dialling ends when it is no longer wanted', async () => {
  using server = await listening()
  const controller = new AbortController()
  const dialled = dial(['127.0.0.1'], server.port, options(controller.signal))
  controller.abort(new Error('too late'))
  await assert.rejects(dialled, /too late/)
  await assert.rejects(dial(['127.0.0.1'], server.port, options(controller.signal)), /too late/)
})
