import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { z } from 'zod'
import { bytes, endpoint } from '../endpoint.ts'
import { nullLog } from '../log.ts'
import { digestOf, digestOfStream, numberedBody } from '../testing-pieces.ts'
import { call, UnexpectedAnswer } from './client.ts'
import { bind } from './router.ts'
import { openOverHttp } from './testing.ts'
import { readAll, type Transport } from './wire.ts'

const shelf = {
  'read-book': endpoint('Streams the text.', {
    method: 'GET',
    path: '/books/{seed}/{pieces}',
    access: 'internal',
    params: z.object({ seed: z.coerce.number().int(), pieces: z.coerce.number().int() }),
    answers: { text: bytes(200, 'application/octet-stream') },
  }),
}

interface Book {
  readonly seed: number
  readonly pieces: number
}

const serve = async (read: (book: Book) => Promise<AsyncIterable<Uint8Array>>) => {
  const handler = async ({ params }: { readonly params: Book }) => ({
    outcome: 'text' as const,
    body: await read(params),
  })
  return openOverHttp(bind(shelf, { 'read-book': handler }, { context: () => undefined, log: nullLog }))
}

const readFrom = async (transport: Transport, book: Book): Promise<Readable> => {
  const { body } = await call(transport, shelf['read-book'], { params: book })
  assert.ok(body instanceof Readable)
  return body
}

const giveUp = async (body: Readable): Promise<void> => {
  for await (const _chunk of body) return
}

test('many bodies through two hops at once stay what they are, also beside those that are given up', async () => {
  await using library = await serve(async (book) => numberedBody(book))
  await using branch = await serve((book) => readFrom(library.transport, book))
  const books = Array.from({ length: 24 }, (_, seed) => ({ seed, pieces: 12 + seed }))
  const digests = await Promise.all(
    books.map(async (book) => {
      const body = await readFrom(branch.transport, book)
      return book.seed % 3 === 0 ? giveUp(body) : digestOfStream(body)
    }),
  )
  const expected = books.map((book) => (book.seed % 3 === 0 ? undefined : digestOf(book)))
  assert.deepEqual(digests, expected)
})

const torn = (): Readable =>
  new Readable({
    read() {
      this.destroy(new Error('the page is torn'))
    },
  })

test('a body that fails before its first byte is answered with a fault, an empty one with nothing', async () => {
  await using library = await serve(async ({ pieces }) => (pieces === 0 ? Readable.from([]) : torn()))
  const empty = await call(library.transport, shelf['read-book'], { params: { seed: 0, pieces: 0 } })
  assert.equal((await readAll(empty.body)).length, 0)
  const failure = await readFrom(library.transport, { seed: 0, pieces: 1 }).catch((error: unknown) => error)
  assert.ok(failure instanceof UnexpectedAnswer)
  assert.deepEqual([failure.status, failure.text.includes('torn')], [500, false])
})
