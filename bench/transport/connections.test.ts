import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { test } from 'node:test'
import { countConnections, peersIn } from './connections.ts'

test('a connection counts once, from whichever end it is seen, and a listener not at all', () => {
  const text = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000
   1: 0100007F:20FB 0100007F:D431 01 00000000:00000000
   2: 0100007F:D431 0100007F:20FB 01 00000000:00000000
   3: 0100007F:20FB 0100007F:D432 06 00000000:00000000
   4: 0100007F:1F90 0100007F:D433 01 00000000:00000000
`
  assert.deepEqual(peersIn(text, 0x20fb), new Set(['0100007F:D431', '0100007F:D432']))
})

test('connections that have ended are counted too, those from before are not', async () => {
  const server = createServer((socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  const visit = async (): Promise<void> => {
    const socket = createConnection(address.port, '127.0.0.1')
    await once(socket.resume(), 'close')
  }
  await visit()
  const counter = await countConnections(address.port)
  await visit()
  await visit()
  assert.equal(await counter.count(), 2)
  await once(server.close(), 'close')
})
