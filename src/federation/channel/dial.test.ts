import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { systemClock, testClock } from '#src/kit/clock.ts'
import { dial, ForbiddenAddress } from './dial.ts'

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

/** Sockets that connect when the test says so. */
const dialling = (addresses: readonly string[]) => {
  const clock = testClock()
  const dialled: { readonly address: string; readonly socket: Socket }[] = []
  const won = dial(addresses, 443, {
    ...options(),
    clock,
    connect: ({ host = '' }) => {
      const socket = new Socket()
      dialled.push({ address: host, socket })
      return socket
    },
  })
  return { clock, won, dialled, tried: () => dialled.map(({ address }) => address) }
}

test('an address that says nothing does not keep the next one waiting for long (RFC 8305)', async () => {
  const { clock, won, dialled, tried } = dialling(['2001:db8::1', '192.0.2.1', '192.0.2.2'])
  assert.deepEqual(tried(), ['2001:db8::1'])
  await clock.advance(249)
  assert.equal(tried().length, 1)
  await clock.advance(1)
  assert.deepEqual(tried(), ['2001:db8::1', '192.0.2.1'])
  dialled[1]?.socket.emit('connect')
  assert.equal(await won, dialled[1]?.socket)
  assert.equal(dialled[0]?.socket.destroyed, true)
  await clock.advance(1_000)
  assert.equal(tried().length, 2)
})

test('a late address may still win', async () => {
  const { clock, won, dialled } = dialling(['2001:db8::1', '192.0.2.1'])
  await clock.advance(250)
  dialled[0]?.socket.emit('connect')
  assert.equal(await won, dialled[0]?.socket)
  assert.equal(dialled[1]?.socket.destroyed, true)
})

test('an address that is not allowed is passed over, and nothing is dialled when none is', async () => {
  using server = await listening()
  const refusalOf = (address: string) => (address === '127.0.0.1' ? undefined : `not ${address}`)
  const socket = await dial(['127.0.0.2', '127.0.0.1'], server.port, { ...options(), refusalOf })
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
  await assert.rejects(dial(['127.0.0.2', '::1'], server.port, { ...options(), refusalOf }), ForbiddenAddress)
})
