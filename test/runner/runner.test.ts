/** The runner counts what happened and runs what was asked for: by a real run of files made for it. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run, test } from 'node:test'
import { type Result, resultOf } from './results.ts'
import { select } from './selection.ts'

const OUTCOMES = `
import { before, describe, test } from 'node:test'
describe('mixed', { tags: ['nginx'] }, () => {
  test('good', () => {})
  test('bad', () => { throw new Error('bad\\nand why') })
  test('left out', { skip: 'no reason to' }, () => {})
})
describe('left out whole', { skip: 'not here' }, () => { test('never counted', () => {}) })
describe('not set up', () => {
  before(() => { throw new Error('no') })
  test('never run', () => {})
})
`

test('every test counts once, suites only when their tests cannot', async () => {
  await using folder = await folderWith({ 'outcomes.test.mjs': OUTCOMES, 'broken.test.mjs': 'throw new Error()' })
  const files = ['outcomes.test.mjs', 'broken.test.mjs'].map((file) => join(folder.path, file))
  const results: Result[] = []
  // Told by this that it is in a test itself, node:test would refuse to run others.
  delete process.env['NODE_TEST_CONTEXT']
  for await (const event of run({ files })) {
    const result = resultOf(folder.path, event)
    if (result) results.push(result)
  }
  const told = results.map(({ name, status, reason, error, tags }) =>
    [name, status, reason ?? error ?? '', ...tags].join(', '),
  )
  assert.deepEqual(told.toSorted(), [
    'broken.test.mjs, failed, test failed',
    'left out whole, skipped, not here',
    'mixed › bad, failed, Error: bad, nginx',
    'mixed › good, passed, , nginx',
    'mixed › left out, skipped, no reason to, nginx',
    'not set up › never run, failed, test did not finish before its parent and was cancelled',
    'not set up, failed, Error: no',
  ])
})

test('words choose groups, files, and tests by name', async () => {
  await using folder = await folderWith({
    'src/kit/clock.test.ts': '',
    'src/kit/clock.ts': '',
    'test/stories/split.test.ts': '',
    'interop/node_modules/x/x.test.ts': '',
    'interop/stock-client.test.ts': '',
  })
  const chosen = (...words: string[]) => {
    const { files, namePatterns } = select(folder.path, words)
    return [...files.unit, ...files.stories, ...files.interop, ...namePatterns.map((pattern) => `/${pattern}/`)]
  }
  const all = ['src/kit/clock.test.ts', 'test/stories/split.test.ts', 'interop/stock-client.test.ts']
  assert.deepEqual(chosen(), all)
  assert.deepEqual(chosen('unit'), ['src/kit/clock.test.ts'])
  assert.deepEqual(chosen('stories', 'interop'), all.slice(1))
  assert.deepEqual(chosen('kit/clock'), ['src/kit/clock.test.ts'])
  assert.deepEqual(chosen('stories', 'catches up'), ['test/stories/split.test.ts', '/catches up/'])
})

async function folderWith(contents: Readonly<Record<string, string>>): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'comity-runner-'))
  for (const [file, text] of Object.entries(contents)) {
    await mkdir(join(path, dirname(file)), { recursive: true })
    await writeFile(join(path, file), text)
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
