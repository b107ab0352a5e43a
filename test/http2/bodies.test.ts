/** Both roles on one connection: large bodies at once, in memory that is used again. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { ClientConnection } from '#src/kit/http2/client.ts'
import { pour } from '#src/kit/http2/pour.ts'
import { digestOf, digestOfStream, numberedBody } from '#src/kit/testing-pieces.ts'
import { clientOptions, startOwnServer } from './loopback.ts'

const connectTo = (port: number) => {
  const events = { onClosed: () => {}, onSilence: () => {} }
  const connection = new ClientConnection(connect(port, '127.0.0.1'), clientOptions(), events)
  return { connection, [Symbol.dispose]: () => connection.destroy() }
}

const ask = (connection: ClientConnection, seed: number): Promise<Readable> =>
  new Promise((resolve, reject) => {
    const fields = [':method', 'POST', ':scheme', 'https', ':authority', 'a', ':path', `/${seed}`]
    connection.request(
      { method: 'POST', fields, hasBody: false },
      {
        onMessage: (_head, body) => (body instanceof Readable ? resolve(body) : reject(new Error('it came whole'))),
        onClosed: (error) => reject(error ?? new Error('no answer')),
      },
    )
  })

const giveUp = async (body: Readable): Promise<void> => {
  for await (const _chunk of body) return
}

test('many bodies at once stay what they are, also beside those that are given up', async () => {
  const bodyOf = (seed: number) => ({ seed, pieces: 10 + seed })
  await using own = await startOwnServer(({ head, stream }) => {
    stream.sendHead([':status', '200'], false)
    pour(numberedBody(bodyOf(Number(head.target.slice(1)))), stream)
  })
  using client = connectTo(own.port)
  const seeds = Array.from({ length: 10 }, (_, seed) => seed)
  const digests = await Promise.all(
    seeds.map(async (seed) => {
      const body = await ask(client.connection, seed)
      return seed % 3 === 0 ? giveUp(body) : digestOfStream(body)
    }),
  )
  const expected = seeds.map((seed) => (seed % 3 === 0 ? undefined : digestOf(bodyOf(seed))))
  assert.deepEqual(digests, expected)
})
