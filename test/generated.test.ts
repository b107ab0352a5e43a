import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { generatedFiles } from '../scripts/generated-files.ts'

for (const [file, text] of Object.entries(generatedFiles())) {
  test(`${file.split('/').slice(-2).join('/')} is what the source generates`, async () => {
    const committed = await readFile(new URL(file), 'utf8')
    assert.ok(committed === text, 'stale: run npm run generate and commit the result')
  })
}
