/** Which files are run again, and what counts afterwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FILES_MAX, repeatFailed } from './repeat.ts'
import type { Result } from './results.ts'
import { summary } from './summary.ts'

const passed = (file: string, name: string): Result => ({ file, name, tags: [], status: 'passed', durationMs: 1 })
const skipped = (file: string, name: string): Result => ({ ...passed(file, name), status: 'skipped', reason: 'no DNS' })
const failed = (file: string, name: string, error = 'Error: why'): Result => ({
  ...passed(file, name),
  status: 'failed',
  error,
})

/** Runs nothing: what a file gives when it is run again. */
const giving = (...again: readonly Result[]) => {
  const asked: string[] = []
  const runAlone = async (file: string): Promise<Result[]> => {
    asked.push(file)
    return again.filter((result) => result.file === file)
  }
  return { asked, runAlone }
}

const BESIDE = [passed('a', 'good'), failed('a', 'shaky', 'Error: too late'), passed('b', 'other')]

test('a file that passes alone counts as it did then, and is reported', async () => {
  const { asked, runAlone } = giving(passed('a', 'good'), passed('a', 'shaky'))
  const { results, passedWhenRepeated } = await repeatFailed(BESIDE, runAlone)
  assert.deepEqual(asked, ['a'])
  assert.deepEqual(results, [passed('b', 'other'), passed('a', 'good'), passed('a', 'shaky')])
  assert.deepEqual(passedWhenRepeated, [{ file: 'a', name: 'shaky', error: 'Error: too late' }])
})

test('a file of which something fails again stays failed as it was, whatever else passes then', async () => {
  const { runAlone } = giving(failed('a', 'good'), passed('a', 'shaky'))
  assert.deepEqual(await repeatFailed(BESIDE, runAlone), { results: BESIDE, passedWhenRepeated: [] })
})

test('what is skipped or left out when it is run again has not passed', async () => {
  const stays = { results: BESIDE, passedWhenRepeated: [] }
  assert.deepEqual(await repeatFailed(BESIDE, giving(passed('a', 'good'), skipped('a', 'shaky')).runAlone), stays)
  assert.deepEqual(await repeatFailed(BESIDE, giving().runAlone), stays)
})

test('what was skipped the first time may be skipped again', async () => {
  const first = [failed('a', 'shaky'), skipped('a', 'elsewhere')]
  const again = [passed('a', 'shaky'), skipped('a', 'elsewhere')]
  assert.deepEqual((await repeatFailed(first, giving(...again).runAlone)).results, again)
})

test('each of a few files is run again by itself, and only those that pass are replaced', async () => {
  const first = [failed('a', 'shaky'), failed('b', 'broken'), failed('c', 'shaky too')]
  const { asked, runAlone } = giving(passed('a', 'shaky'), failed('b', 'broken'), passed('c', 'shaky too'))
  const { results, passedWhenRepeated } = await repeatFailed(first, runAlone)
  assert.deepEqual(asked, ['a', 'b', 'c'])
  assert.deepEqual(results, [failed('b', 'broken'), passed('a', 'shaky'), passed('c', 'shaky too')])
  assert.deepEqual(
    passedWhenRepeated.map(({ file }) => file),
    ['a', 'c'],
  )
})

test('nothing is run again when nothing failed, or more than a noisy machine explains', async () => {
  const many = Array.from({ length: FILES_MAX + 1 }, (_, index) => failed(`file ${index}`, 'broken'))
  const { asked, runAlone } = giving()
  assert.deepEqual((await repeatFailed([passed('a', 'good')], runAlone)).results, [passed('a', 'good')])
  assert.deepEqual((await repeatFailed(many, runAlone)).results, many)
  assert.deepEqual(asked, [])
})

test('the summary has a section of its own for what passed only when repeated, and its last line does not change', async () => {
  const { runAlone } = giving(passed('a', 'good'), passed('a', 'shaky'))
  const text = await summary(await repeatFailed(BESIDE, runAlone), [])
  assert.match(
    text,
    /\nPassed only when repeated:\n {2}a: shaky\n {4}Error: too late\n\n3 passed, 0 failed, 0 skipped\n$/,
  )
  assert.doesNotMatch(text, /Failed:/)
})
