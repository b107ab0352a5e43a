/** `npm run scenarios`: what the last test run has shown of the scenarios. `-- --json FILE` also writes it down. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Result } from '#test/runner/results.ts'
import { SCENARIOS } from '#test/scenarios/list.ts'
import { outcomesOf, table, unknownIds } from '#test/scenarios/outcomes.ts'

const LAST_RUN = new URL('../var/test-results.json', import.meta.url)

interface LastRun {
  readonly arguments: readonly string[]
  readonly tests: readonly Result[]
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main(parseArgs({ options: { json: { type: 'string' } } }).values)

async function main({ json }: { readonly json?: string }): Promise<number> {
  const run = await lastRun()
  if (run === undefined) {
    say('There is no test run to read: npm test leaves one in var/test-results.json.')
    return 1
  }
  if (run.arguments.length > 0) say(`The last run was a part: npm test -- ${run.arguments.join(' ')}\n`)
  const outcomes = outcomesOf(SCENARIOS, run.tests)
  say(table(SCENARIOS, outcomes))
  const unknown = unknownIds(SCENARIOS, run.tests)
  if (unknown.length > 0) say(`\nNamed by tests and listed nowhere: ${unknown.join(' ')}`)
  if (json !== undefined) await writeFile(json, `${JSON.stringify(outcomes, null, 1)}\n`)
  return unknown.length > 0 ? 1 : 0
}

async function lastRun(): Promise<LastRun | undefined> {
  try {
    return JSON.parse(await readFile(LAST_RUN, 'utf8')) as LastRun
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
