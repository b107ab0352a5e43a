import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bundle } from './letters.ts'
import { selectEntry } from './select-entry.ts'
import { told, updated } from './testing.ts'

const OURS = [0, 1, 2, 3]

const chosen = (bundle: Bundle, theirs: readonly number[]): string => {
  const selected = selectEntry(bundle, theirs, OURS)
  return selected ? `${selected.entry.bodyVersions.from} as ${selected.version}` : 'none'
}

test('of two forms the one for the greatest common version is sent (backend-notifications.md §7)', () => {
  const table = [
    { theirs: [0, 1, 2, 3], expected: '1 as 3' },
    { theirs: [0, 1], expected: '1 as 1' },
    { theirs: [0], expected: '0 as 0' },
    { theirs: [0, 999_999], expected: '0 as 0' },
    { theirs: [1], expected: '1 as 1' },
    { theirs: [999_999], expected: 'none' },
    { theirs: [], expected: 'none' },
  ]
  for (const { theirs, expected } of table)
    assert.equal(chosen(updated(), theirs), expected, `peer speaks ${theirs.join()}`)
})

test('a single form is sent as the greatest common version', () => {
  assert.equal(chosen(told('{}'), [0, 2, 7]), '0 as 2')
})

test('the later of two forms is sent when both would be sent as the same version', () => {
  const [first] = told('"first"').notifications
  const [second] = told('"second"').notifications
  assert.ok(first && second)
  assert.equal(selectEntry({ notifications: [first, second] }, [0, 1], OURS)?.entry.body, '"second"')
})

test('a form for versions that only a newer release knows is not sent, and harms nothing', () => {
  const [known] = told('"known"').notifications
  const [unknown] = told('"unknown"').notifications
  assert.ok(known && unknown)
  const bundle = { notifications: [known, { ...unknown, bodyVersions: { from: 7 } }] }
  assert.equal(selectEntry(bundle, [0, 1, 7], OURS)?.entry.body, '"known"')
})
