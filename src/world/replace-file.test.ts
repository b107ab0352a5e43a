import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { replaceFile } from './replace-file.ts'

test('a file is replaced with the mode asked for, whatever an interrupted write left', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'comity-replace-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'secret')
  await writeFile(path, 'old', { mode: 0o644 })
  await writeFile(`${path}.new`, 'half', { mode: 0o644 })
  await replaceFile(path, 'new', 0o600)

  assert.equal(await readFile(path, 'utf8'), 'new')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(directory), ['secret'])
})
