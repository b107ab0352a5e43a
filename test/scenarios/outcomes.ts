/** Which scenarios the last test run has shown, by the numbers at the start of the names of its tests. */
import type { Result } from '#test/runner/results.ts'
import { PRIORITIES, type Priority, type Scenario } from './list.ts'

export interface Outcome extends Pick<Scenario, 'id' | 'area' | 'priority'> {
  readonly status: Result['status'] | 'missing'
  /** One that decided the status: the first that failed, or else the first that has the status. */
  readonly test: string | null
}

type Told = Pick<Result, 'file' | 'name' | 'status'>

/** Failed if one failed. What could not be run here decides only where nothing else names the scenario. */
const WEIGHT: readonly Result['status'][] = ['failed', 'passed', 'skipped']

export function outcomesOf(scenarios: readonly Scenario[], results: readonly Told[]): Outcome[] {
  const byId = new Map<string, Told[]>()
  for (const result of results) {
    for (const id of idsIn(result.name)) byId.set(id, [...(byId.get(id) ?? []), result])
  }
  return scenarios.map(({ id, area, priority }) => {
    const those = byId.get(id) ?? []
    const status = WEIGHT.find((candidate) => those.some((result) => result.status === candidate))
    const deciding = those.find((result) => result.status === status)
    return {
      id,
      area,
      priority,
      status: status ?? 'missing',
      test: deciding ? `${deciding.file}: ${deciding.name}` : null,
    }
  })
}

/** Numbers that tests carry and no scenario has, which is a slip. */
export function unknownIds(scenarios: readonly Scenario[], results: readonly Told[]): string[] {
  const known = new Set(scenarios.map(({ id }) => id))
  return [...new Set(results.flatMap(({ name }) => idsIn(name)))].filter((id) => !known.has(id))
}

const IDS = /^[A-Z][A-Z0-9]{2}-\d{3}(?:,? [A-Z][A-Z0-9]{2}-\d{3})*(?=:)/

/** Of the test, and of the suites around it, since what stands in a suite is about what the suite names. */
export function idsIn(name: string): string[] {
  return name.split(' › ').flatMap((part) => IDS.exec(part)?.[0].split(/,? /) ?? [])
}

/** A row per area, a column per priority; then those that are not passed, by their status. */
export function table(scenarios: readonly Scenario[], outcomes: readonly Outcome[]): string {
  const areas = [...new Set(outcomes.map(({ area }) => area))]
  const cell = (those: readonly Outcome[]): string =>
    those.length === 0 ? '–' : `${those.filter(({ status }) => status === 'passed').length}/${those.length}`
  const row = (name: string, those: readonly Outcome[]): string =>
    [name.padEnd(5), ...PRIORITIES.map((priority) => cell(ofPriority(those, priority))), cell(those)]
      .map((text, column) => (column === 0 ? text : text.padStart(9)))
      .join('')
  return [
    ['area ', ...PRIORITIES, 'passed'].map((text, column) => (column === 0 ? text : text.padStart(9))).join(''),
    ...areas.map((area) =>
      row(
        area,
        outcomes.filter((outcome) => outcome.area === area),
      ),
    ),
    row('all', outcomes),
    ...section('Failed:', failures(outcomes)),
    ...section('Skipped:', listed(scenarios, outcomes, 'skipped')),
    ...section('No test:', listed(scenarios, outcomes, 'missing')),
  ].join('\n')
}

const ofPriority = (those: readonly Outcome[], priority: Priority): Outcome[] =>
  those.filter((outcome) => outcome.priority === priority)

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines])

const failures = (outcomes: readonly Outcome[]): string[] =>
  outcomes
    .filter(({ status }) => status === 'failed')
    .map(({ id, priority, test }) => `  ${id} ${priority}  ${test ?? ''}`)

function listed(scenarios: readonly Scenario[], outcomes: readonly Outcome[], status: Outcome['status']): string[] {
  const ids = new Set(outcomes.filter((outcome) => outcome.status === status).map(({ id }) => id))
  return scenarios.filter(({ id }) => ids.has(id)).map(({ id, priority, about }) => `  ${id} ${priority}  ${about}`)
}
