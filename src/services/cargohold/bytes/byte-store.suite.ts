/** What every store of bytes promises, whatever it is made of. */
import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import type { AssetId } from '../retention.ts'
import { type ByteStore, WrongLength } from './byte-store.ts'

export interface TestBytes extends AsyncDisposable {
  readonly store: ByteStore
  /** Everything that lies there, half-written or whole. */
  kept(): Promise<readonly string[]>
}

export const newId = (): AssetId => randomUUID() as AssetId

const MEBIBYTE = 1024 * 1024

export const byteStoreSuite = (name: string, open: () => Promise<TestBytes>): void => {
  describe(name, () => {
    let bytes: TestBytes
    before(async () => {
      bytes = await open()
    })
    after(() => bytes[Symbol.asyncDispose]())

    test('what was written is read, byte for byte, in whatever pieces it came', () => pieces(bytes))
    test('what is larger than one part is kept as one', () => large(bytes))
    test('a range is read without the rest', () => ranges(bytes))
    test('what was never written cannot be read, and can be removed', () => nothingThere(bytes))
    test('what was removed is gone, and can be removed again', () => removal(bytes))
    test('a source that breaks off leaves nothing', () => brokenSource(bytes))
    test('a source that brings too little or too much leaves nothing', () => wrongLength(bytes))
    test('nothing can be read while it comes in', () => invisible(bytes))
    test('a reader that goes away takes nothing more', () => abandoned(bytes))
  })
}

async function* of(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const readBack = async (store: ByteStore, id: AssetId): Promise<Buffer | undefined> => {
  const body = await store.read(id)
  return body && buffer(body)
}

const pieces = async ({ store }: TestBytes): Promise<void> => {
  const data = randomBytes(100_000)
  for (const size of [1_000, 65_536, 100_000]) {
    const id = newId()
    const chunks = Array.from({ length: Math.ceil(data.length / size) }, (_, i) =>
      data.subarray(i * size, (i + 1) * size),
    )
    await store.write(id, { source: of(...chunks), length: data.length })
    assert.ok((await readBack(store, id))?.equals(data))
  }
  const one = newId()
  await store.write(one, { source: of(Buffer.from('x')), length: 1 })
  assert.equal(String(await readBack(store, one)), 'x')
}

const large = async ({ store }: TestBytes): Promise<void> => {
  const id = newId()
  const data = randomBytes(12 * MEBIBYTE + 5)
  await store.write(id, { source: of(data.subarray(0, 7), data.subarray(7)), length: data.length })
  const read = (await readBack(store, id)) ?? Buffer.alloc(0)
  const digest = (of: Uint8Array): string => createHash('sha256').update(of).digest('hex')
  assert.deepEqual([read.length, digest(read)], [data.length, digest(data)])
}

const ranges = async ({ store }: TestBytes): Promise<void> => {
  const id = newId()
  await store.write(id, { source: of(Buffer.from('0123456789')), length: 10 })
  const read = async (start: number, end: number): Promise<string> => {
    const body = await store.read(id, { start, end })
    return body ? String(await buffer(body)) : 'nothing'
  }
  assert.deepEqual([await read(0, 1), await read(3, 6), await read(9, 9)], ['01', '3456', '9'])
}

const nothingThere = async ({ store }: TestBytes): Promise<void> => {
  const id = newId()
  assert.equal(await store.read(id), undefined)
  await store.remove(id)
}

const removal = async ({ store, kept }: TestBytes): Promise<void> => {
  const id = newId()
  await store.write(id, { source: of(Buffer.from('gone')), length: 4 })
  await store.remove(id)
  assert.equal(await store.read(id), undefined)
  await store.remove(id)
  assert.ok(!(await kept()).includes(id))
}

async function* thenFail(error: Error): AsyncGenerator<Uint8Array> {
  yield randomBytes(MEBIBYTE)
  throw error
}

const brokenSource = async ({ store, kept }: TestBytes): Promise<void> => {
  const id = newId()
  const failure = new Error('the sender went away')
  await assert.rejects(
    store.write(id, { source: thenFail(failure), length: 2 * MEBIBYTE }),
    (error) => error === failure,
  )
  assert.equal(await store.read(id), undefined)
  assert.ok(!(await kept()).includes(id))
}

const wrongLength = async ({ store, kept }: TestBytes): Promise<void> => {
  for (const length of [3, 5]) {
    const id = newId()
    await assert.rejects(store.write(id, { source: of(Buffer.from('four')), length }), WrongLength)
    assert.equal(await store.read(id), undefined)
    assert.ok(!(await kept()).includes(id))
  }
}

const invisible = async ({ store }: TestBytes): Promise<void> => {
  const id = newId()
  const rest = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one ')
    begun.resolve()
    await rest.promise
    yield Buffer.from('two')
  }
  const writing = store.write(id, { source: slowly(), length: 7 })
  await begun.promise
  assert.equal(await store.read(id), undefined)
  rest.resolve()
  await writing
  assert.equal(String(await readBack(store, id)), 'one two')
}

const abandoned = async ({ store }: TestBytes): Promise<void> => {
  const id = newId()
  const data = randomBytes(4 * MEBIBYTE)
  await store.write(id, { source: of(data), length: data.length })
  const body = await store.read(id)
  assert.ok(body)
  await once(body, 'readable')
  body.destroy()
  await once(body, 'close')
  assert.ok((await readBack(store, id))?.equals(data))
}
