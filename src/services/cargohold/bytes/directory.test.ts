import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { AssetId } from '../retention.ts'
import { byteStoreSuite, newId, type TestBytes } from './byte-store.suite.ts'
import { directoryBytes } from './directory.ts'

const open = async (): Promise<TestBytes & { readonly directory: string }> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-bytes-'))
  const store = await directoryBytes(path.join(directory, 'assets'))
  return {
    store,
    directory,
    kept: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

byteStoreSuite('a directory', open)

test('what a crash has left half written is removed, and is never read', async () => {
  await using bytes = await open()
  const id = newId()
  await writeFile(path.join(bytes.directory, 'assets/arriving', id), 'half')
  assert.equal(await bytes.store.read(id), undefined)
  await bytes.store.remove(id)
  assert.deepEqual(await bytes.kept(), [])
})

test('nothing but an id of ours becomes a path', async () => {
  await using bytes = await open()
  const secret = path.join(bytes.directory, 'secret')
  await writeFile(secret, 'secret')
  for (const name of ['../secret', '../../secret', secret, '', '.', 'arriving', `${newId()}/..`, `${newId()}\0`]) {
    const id = name as AssetId
    await assert.rejects(async () => bytes.store.read(id), /no id of an asset/)
    await assert.rejects(async () => bytes.store.remove(id), /no id of an asset/)
    const incoming = { source: (async function* () {})(), length: 0 }
    await assert.rejects(async () => bytes.store.write(id, incoming), /no id of an asset/)
  }
  assert.deepEqual(await bytes.kept(), ['secret'])
})
