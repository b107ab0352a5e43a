/** The numbers of the scenarios are those of the specification, and what tests show is read from their names. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Scenario, SCENARIOS } from './list.ts'
import { idsIn, outcomesOf, table, unknownIds } from './outcomes.ts'

const SPECIFICATION = new URL('../../../shared/spec/scenarios.md', import.meta.url)

test(
  'every scenario of the specification is listed with its priority, and no other',
  { skip: existsSync(SPECIFICATION) ? false : 'the specification is not beside this repository' },
  () => {
    const specified = Array.from(
      readFileSync(SPECIFICATION, 'utf8').matchAll(/^### ([A-Z0-9]{3}-\d{3}) · (P\d) · /gm),
      ([, id = '', priority = '']) => `${id} ${priority}`,
    )
    assert.deepEqual(
      SCENARIOS.map(({ id, priority }) => `${id} ${priority}`),
      specified,
    )
  },
)

const LISTED: readonly Scenario[] = [
  { id: 'CON-001', area: 'CON', priority: 'P0', about: 'one' },
  { id: 'CON-002', area: 'CON', priority: 'P0', about: 'two' },
  { id: 'O2O-003', area: 'O2O', priority: 'P1', about: 'three' },
  { id: 'NTF-004', area: 'NTF', priority: 'P2', about: 'four' },
]

const RESULTS = [
  { file: 'a.test.ts', name: 'embedded › CON-001 O2O-003: they connect', status: 'passed' },
  { file: 'b.test.ts', name: 'split › CON-001 O2O-003: they connect', status: 'skipped' },
  { file: 'a.test.ts', name: 'CON-002, CON-001: never', status: 'failed' },
  { file: 'a.test.ts', name: 'NTF-009: NTF-004 stands in the middle', status: 'passed' },
] as const

test('the ids at the start of a name count, of suites too, and no others', () => {
  assert.deepEqual(idsIn('embedded › CON-001 O2O-003: they connect'), ['CON-001', 'O2O-003'])
  assert.deepEqual(idsIn('CON-002, CON-001: suite › NTF-004: test'), ['CON-002', 'CON-001', 'NTF-004'])
  assert.deepEqual(idsIn('unlike CON-001: nothing'), [])
})

test('a scenario is passed when no test of it failed and one ran', () => {
  assert.deepEqual(
    outcomesOf(LISTED, RESULTS).map(({ id, status, test }) => [id, status, test]),
    [
      ['CON-001', 'failed', 'a.test.ts: CON-002, CON-001: never'],
      ['CON-002', 'failed', 'a.test.ts: CON-002, CON-001: never'],
      ['O2O-003', 'passed', 'a.test.ts: embedded › CON-001 O2O-003: they connect'],
      ['NTF-004', 'missing', null],
    ],
  )
  const [onlySkipped] = outcomesOf(LISTED.slice(2, 3), RESULTS.slice(1, 2))
  assert.equal(onlySkipped?.status, 'skipped')
  assert.deepEqual(unknownIds(LISTED, RESULTS), ['NTF-009'])
})

test('the table counts what passed by area and priority and names the rest', () => {
  assert.deepEqual(table(LISTED, outcomesOf(LISTED, RESULTS)).split('\n'), [
    'area        P0       P1       P2   passed',
    'CON        0/2        –        –      0/2',
    'O2O          –      1/1        –      1/1',
    'NTF          –        –      0/1      0/1',
    'all        0/2      1/1      0/1      1/4',
    '',
    'Failed:',
    '  CON-001 P0  a.test.ts: CON-002, CON-001: never',
    '  CON-002 P0  a.test.ts: CON-002, CON-001: never',
    '',
    'No test:',
    '  NTF-004 P2  four',
  ])
})
