import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { answer, bytes, empty, endpoint, failure, streamBody } from '../endpoint.ts'
import { Refusal } from '../errors.ts'
import { nullLog } from '../log.ts'
import { call, handOver, overHttp, UnexpectedAnswer } from './client.ts'
import { inMemory } from './memory.ts'
import { bind } from './router.ts'
import { type Opened, openOverHttp } from './testing.ts'
import { NO_BODY, PartUnreachable, readAll, type Route } from './wire.ts'

const shelf = {
  'get-book': endpoint('Reads one book.', {
    method: 'GET',
    path: '/shelves/{shelf}/books/{book}',
    access: 'internal',
    params: z.object({ shelf: z.string(), book: z.coerce.number().int() }),
    query: z.object({ language: z.string().max(5).optional() }),
    aliases: [{ path: '/books/{book}' }],
    answers: {
      found: answer(200, z.object({ title: z.string(), language: z.string().nullable() })),
      'no-book': failure(404, 'no-book', 'No such book'),
      lent: empty(404),
    },
  }),
  'add-book': endpoint('Adds a book.', {
    method: 'POST',
    path: '/shelves/{shelf}/books',
    access: 'internal',
    params: z.object({ shelf: z.string() }),
    body: z.object({ title: z.string().max(10) }),
    bodyLimit: 100,
    answers: { added: answer(201, z.object({ title: z.string() })) },
  }),
  'read-book': endpoint('Streams the text.', {
    method: 'GET',
    path: '/text',
    access: 'internal',
    answers: { text: bytes(200, 'application/octet-stream') },
  }),
  'write-book': endpoint('Takes the text as it comes, but not what is wrong.', {
    method: 'PUT',
    path: '/text',
    access: 'internal',
    body: streamBody('application/octet-stream'),
    answers: {
      read: answer(200, z.object({ text: z.string() })),
      'too-long': failure(413, 'client-error', 'Too long'),
    },
  }),
  'order-books': endpoint('Takes several titles.', {
    method: 'POST',
    path: '/orders',
    access: 'internal',
    body: z.object({ titles: z.array(z.string()), isUrgent: z.boolean().default(false) }),
    answers: { ordered: answer(200, z.object({ titles: z.array(z.string()), isUrgent: z.boolean() })) },
  }),
  'burn-book': endpoint('Fails.', {
    method: 'DELETE',
    path: '/text',
    access: 'internal',
    answers: { gone: empty(204) },
  }),
}

const routes = (): Route[] =>
  bind(
    shelf,
    {
      'get-book': async ({ params, query }) => {
        if (params.book === 404) return { outcome: 'no-book' }
        if (params.book === 405) return { outcome: 'lent' }
        return { outcome: 'found', body: { title: `${params.shelf}#${params.book}`, language: query.language ?? null } }
      },
      'add-book': async ({ body }) => {
        if (body.title === 'banned') throw new Refusal(403, 'banned', { detail: 'not here', data: { why: 'rules' } })
        return { outcome: 'added', body: { title: body.title }, headers: { location: '/1' } }
      },
      'read-book': async () => ({ outcome: 'text', body: chapters() }),
      'write-book': async ({ body }) => {
        const read: Uint8Array[] = []
        for await (const chunk of body) {
          read.push(chunk)
          if (Buffer.concat(read).length > 1_000) return { outcome: 'too-long' }
        }
        return { outcome: 'read', body: { text: Buffer.concat(read).toString() } }
      },
      'order-books': async ({ body }) => ({ outcome: 'ordered', body }),
      'burn-book': async () => {
        throw new Error('secret of the house')
      },
    },
    { context: () => undefined, log: nullLog },
  )

async function* chapters(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('one ')
  yield Buffer.from('two')
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(64 * 1024)
}

const openings: Record<string, () => Promise<Opened>> = {
  'in memory': async () => ({ transport: inMemory(routes()), [Symbol.asyncDispose]: async () => {} }),
  'over HTTP': () => openOverHttp(routes()),
}

const raw = (body: string, type = 'application/json') =>
  ({
    method: 'POST',
    pattern: '/shelves/{shelf}/books',
    params: { shelf: 'a' },
    query: {},
    headers: { 'content-type': type },
    body: Buffer.from(body),
  }) as const

for (const [name, open] of Object.entries(openings)) {
  void suite(`a transport ${name}`, () => {
    test('carries parameters, query and outcome', async () => {
      await using opened = await open()
      const params = { shelf: 'a/b ü', book: 7 }
      const found = await call(opened.transport, shelf['get-book'], { params, query: { language: 'de' } })
      assert.deepEqual(found, { outcome: 'found', body: { title: 'a/b ü#7', language: 'de' } })
    })

    test('tells outcomes of one status apart', async () => {
      await using opened = await open()
      const missing = await call(opened.transport, shelf['get-book'], { params: { shelf: 'a', book: 404 }, query: {} })
      const lent = await call(opened.transport, shelf['get-book'], { params: { shelf: 'a', book: 405 }, query: {} })
      assert.deepEqual([missing.outcome, lent.outcome], ['no-book', 'lent'])
    })

    test('takes what is handed over as if it had been read', async () => {
      await using opened = await open()
      const order = { titles: ['one', 'zwei ü'], isUrgent: true }
      assert.deepEqual(await handOver(opened.transport, shelf['order-books'], order), {
        outcome: 'ordered',
        body: order,
      })
    })

    test('refuses what the contract does not allow, before the handler', async () => {
      await using opened = await open()
      const tooLong = await opened.transport.send(raw('{"title":"longer than ten"}'))
      const notJson = await opened.transport.send(raw('{"title":'))
      const tooLarge = await opened.transport.send(raw(JSON.stringify({ title: 'x'.repeat(200) })))
      const labels = [tooLong, notJson, tooLarge].map(async ({ status, body }) => [
        status,
        JSON.parse(Buffer.from(await readAll(body)).toString()).label,
      ])
      assert.deepEqual(await Promise.all(labels), [
        [400, 'bad-request'],
        [400, 'bad-request'],
        [413, 'client-error'],
      ])
    })

    test('answers a refusal with its error object and a fault without its message', async () => {
      await using opened = await open()
      const refused = await opened.transport.send(raw('{"title":"banned"}'))
      const refusal = JSON.parse(Buffer.from(await readAll(refused.body)).toString())
      assert.deepEqual(refusal, { code: 403, label: 'banned', message: 'not here', data: { why: 'rules' } })
      const fault = await call(opened.transport, shelf['burn-book'], {}).catch((error: unknown) => error)
      assert.ok(fault instanceof UnexpectedAnswer)
      assert.equal(fault.status, 500)
      assert.doesNotMatch(fault.text, /secret/)
    })

    test('streams bytes', async () => {
      await using opened = await open()
      const text = await call(opened.transport, shelf['read-book'], {})
      assert.equal(Buffer.from(await readAll(text.body)).toString(), 'one two')
    })

    test('hands over a streamed body while it comes, and can answer before its end', async () => {
      await using opened = await open()
      const read = await call(opened.transport, shelf['write-book'], { body: chapters() })
      assert.deepEqual(read, { outcome: 'read', body: { text: 'one two' } })
      const early = await call(opened.transport, shelf['write-book'], { body: endless() })
      assert.equal(early.outcome, 'too-long')
    })

    test('does not know what was not declared', async () => {
      await using opened = await open()
      const answer = await opened.transport.send({ ...raw(''), method: 'PUT', body: NO_BODY })
      assert.equal(answer.status, 404)
    })
  })
}

test('an HTTP transport says so when nobody listens', async () => {
  await using transport = overHttp('http://127.0.0.1:1')
  await assert.rejects(call(transport, shelf['read-book'], {}), PartUnreachable)
})
