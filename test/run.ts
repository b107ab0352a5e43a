/**
 * `npm test`: everything, on the servers that this machine has or lets us install. `npm test -- WORD…` runs a part:
 * see runner/selection.ts. Of the whole, files in which something failed are run once more at the end: see
 * runner/repeat.ts. The outcome is also left in var/test-results.json for programs.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { installMissing } from './runner/machine.ts'
import { type Repeated, repeatFailed } from './runner/repeat.ts'
import { type Result, resultOf } from './runner/results.ts'
import { type Group, GROUPS, groupOf, type Selection, select } from './runner/selection.ts'
import { installStockClients } from './runner/stock-clients.ts'
import { serversUsed, summary, totalsOf } from './runner/summary.ts'
import { startPostgres } from './services/postgres.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What takes longer hangs. */
const TIMEOUT_MS: Readonly<Record<Group, number>> = { unit: 300_000, stories: 600_000, interop: 600_000 }

const say = (line: string): void => void process.stdout.write(`${line}\n`)

// Some hundred processes load much the same modules: what one has compiled the others find.
process.env['NODE_COMPILE_CACHE'] ??= join(ROOT, '.cache/compiled')

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const selection = select(ROOT, words)
  if (GROUPS.every((group) => selection.files[group].length === 0)) {
    say(`No test file matches ${words.join(' ')}.`)
    return 1
  }
  const remarks = [await installMissing(say)].filter((remark) => remark !== undefined)
  const outcome = await runAll(selection, remarks, words.length === 0)
  await report(outcome, words)
  say(await summary(outcome, remarks))
  const { results } = outcome
  return results.every(({ status }) => status !== 'failed') && results.length > 0 ? 0 : 1
}

async function runAll(selection: Selection, remarks: string[], isWhole: boolean): Promise<Repeated> {
  await using postgres = selection.files.unit.length > 0 ? await startPostgresIfInstalled() : undefined
  // Files run in processes of their own and inherit this. They may make as many databases in it as they like.
  if (postgres) process.env['COMITY_TEST_DATABASE_URL'] = postgres.url
  if (selection.files.interop.length > 0) {
    const reason = await installStockClients(ROOT, say)
    if (reason !== undefined) remarks.push(reason)
  }
  const results: Result[] = []
  for (const group of GROUPS) results.push(...(await runGroup(group, selection.files[group], selection.namePatterns)))
  // Who runs a part works on it, and wants to see at once what fails.
  if (!isWhole) return { results, passedWhenRepeated: [] }
  // Awaited here: the servers of the run are there until this function ends.
  return await repeatFailed(results, (file) =>
    runFiles(`${file}, again`, [file], { timeoutMs: TIMEOUT_MS[groupOf(file)] }),
  )
}

/** The remark of {@link installMissing} has said why when it is not. */
async function startPostgresIfInstalled(): Promise<Awaited<ReturnType<typeof startPostgres>> | undefined> {
  try {
    return await startPostgres()
  } catch (error) {
    if (error instanceof Error && error.name === 'Missing') return undefined
    throw error
  }
}

async function runGroup(group: Group, files: readonly string[], namePatterns: readonly string[]): Promise<Result[]> {
  if (files.length === 0) return []
  const concurrency = group === 'unit' ? availableParallelism() : 1
  return runFiles(group, files, { timeoutMs: TIMEOUT_MS[group], concurrency, namePatterns })
}

interface How {
  readonly timeoutMs: number
  readonly concurrency?: number
  readonly namePatterns?: readonly string[]
}

async function runFiles(
  title: string,
  files: readonly string[],
  { timeoutMs, concurrency = 1, namePatterns = [] }: How,
): Promise<Result[]> {
  say(`\n— ${title} —`)
  const results: Result[] = []
  const events = run({
    cwd: ROOT,
    files: files.map((file) => join(ROOT, file)),
    concurrency,
    timeout: timeoutMs,
    // Tags of tests, which the summary counts by, are announced as experimental once per file.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    ...(namePatterns.length > 0 && { testNamePatterns: namePatterns.map((pattern) => new RegExp(pattern, 'i')) }),
  })
  const printed = events.compose(new spec())
  printed.pipe(process.stdout, { end: false })
  events.on('data', (event: TestEvent) => {
    const result = resultOf(ROOT, event)
    if (result) results.push(result)
  })
  await new Promise((resolve, reject) => printed.once('end', resolve).once('error', reject))
  return results
}

async function report({ results, passedWhenRepeated }: Repeated, words: readonly string[]): Promise<void> {
  await mkdir(join(ROOT, 'var'), { recursive: true })
  const outcome = {
    arguments: words,
    totals: totalsOf(results),
    servers: await serversUsed(results),
    passedWhenRepeated,
    tests: results,
  }
  await writeFile(join(ROOT, 'var/test-results.json'), `${JSON.stringify(outcome, null, 1)}\n`)
}
