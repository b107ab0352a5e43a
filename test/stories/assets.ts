/** Stories about files: kept here, had by others, fetched from other backends. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ask, type Asset, download, MULTIPART, multipart, upload } from './asset-calls.ts'
import type { Telling } from './telling.ts'

const MEBIBYTE = 1024 * 1024

export const assetStories = ({ network, people }: Telling): void => {
  test('AST-001 AST-002: what alice uploads she and bob of another backend download, byte for byte', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const data = randomBytes(3 * MEBIBYTE + 17)
    const asset = await upload(alice, data, { public: false, retention: 'volatile' })
    assert.match(asset.key, /^3-3-/)
    for (const person of [alice, alex, bob]) {
      const { status, headers, bytes } = await download(person, asset)
      assert.deepEqual([status, headers['content-type']], [200, 'application/octet-stream'])
      assert.ok(bytes.equals(data), 'other bytes came')
    }
  })
}
