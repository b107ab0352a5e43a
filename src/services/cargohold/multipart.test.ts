import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from './byte-reader.ts'
import { IncompleteAsset, readUpload } from './multipart.ts'
import { multipart } from './testing.ts'

async function* pieces(body: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < body.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? body.length
    yield body.subarray(at, at + size)
    at += size
  }
}

const read = async (body: Uint8Array, sizes: readonly number[] = [body.length]) => {
  await using reader = new ByteReader(pieces(body, sizes))
  const upload = await readUpload(reader)
  if (upload.outcome !== 'upload') return upload.outcome
  const chunks: Uint8Array[] = []
  for await (const chunk of upload.bytes) chunks.push(chunk)
  return { settings: upload.settings, length: upload.length, data: Buffer.concat(chunks) }
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3_000 })
const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 })

test('whatever the bytes are and however they arrive, they come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, sizes, fc.boolean(), async (data, cut, isPublic) => {
      const result = await read(multipart({ public: isPublic, filename: 'Ä🌍' }, data), cut)
      assert.ok(typeof result === 'object')
      assert.ok(result.data.equals(data))
      assert.deepEqual([result.length, result.settings.public], [data.length, isPublic])
    }),
  )
})

test('bytes that look like a boundary are bytes', async () => {
  const data = Buffer.from('\r\n--Frontier9x2kq1--\r\n\r\n--Frontier9x2kq1\r\n')
  const result = await read(multipart({}, data), [3])
  assert.ok(typeof result === 'object' && result.data.equals(data))
})

test('the boundary is what the first line says, and line breaks before it do no harm', async () => {
  const data = Buffer.from('x')
  const other = multipart({}, data, { boundary: 'frontier' })
  for (const body of [other, Buffer.concat([Buffer.from('\r\n'), other])]) {
    const result = await read(body)
    assert.ok(typeof result === 'object' && result.data.equals(data))
  }
})

test('no cut and no changed byte makes anything else of an upload than a refusal or an upload', async () => {
  const whole = multipart({ public: true }, Buffer.from('some bytes'))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, end) => {
      const changed = Buffer.from(whole.subarray(0, end))
      if (at < changed.length) changed[at] = value
      const result = await read(changed, [7]).catch((error: unknown) => error)
      const isFine = typeof result === 'string' || result instanceof IncompleteAsset || typeof result === 'object'
      assert.ok(isFine && !(result instanceof TypeError) && !(result instanceof RangeError))
    }),
  )
})

test('an upload that ends early is never taken for a whole one', async () => {
  const data = Buffer.from('0123456789')
  const whole = multipart({}, data)
  const footer = '\r\n--Frontier9x2kq1--\r\n'.length
  for (let missing = footer - 2; missing < footer + data.length; missing += 1) {
    await assert.rejects(read(whole.subarray(0, whole.length - missing), [4]), IncompleteAsset)
  }
})

test('headers without end, boundaries without end and settings without end are given up', async () => {
  async function* endless(start: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start)
    for (;;) yield Buffer.alloc(1_000, 'a')
  }
  const head = '--b\r\n\r\n{}\r\n--b\r\nX: '
  for (const start of ['--', '--b\r\n\r\n{"filename":"', head]) {
    await using reader = new ByteReader(endless(start))
    assert.deepEqual(await readUpload(reader), { outcome: 'malformed' })
  }
})
