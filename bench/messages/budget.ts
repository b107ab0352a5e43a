/**
 * What each stage costs per message, on both sides: CPU by a profiler's samples, and how often the databases and the
 * other backend are asked. A profiler slows down what it watches, so these figures are for comparing stages; what a
 * message costs as a whole is measured without one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '#src/kit/clock.ts'
import { grid } from '../figures.ts'
import { readProfiles, type SampledProfile } from '../transport/profile.ts'
import { type ComityContestant, startComity } from './comity.ts'
import { ALPHA, BETA } from './ground.ts'
import type { Load } from './load.ts'
import { nowUs, type Span, STAGE_NAMES, stageTimes } from './stages.ts'
import { warmUp } from './warm-up.ts'

const LOADS: readonly Load[] = [
  { pairs: 1, inFlight: 1 },
  { pairs: 16, inFlight: 8 },
]
const SIDES = [ALPHA, BETA] as const
/** PostgreSQL counts what its sessions have done when they have had nothing to do for that long. */
const STATISTICS_MS = 11_000
const SAMPLING_US = 200

interface Run {
  readonly load: Load
  readonly span: Span
  readonly messages: number
  /** By side, per message. */
  readonly counts: readonly Counts[]
}

interface Counts {
  readonly statements: number
  readonly walBytes: number
  readonly databaseCpuUs: number
  readonly callsReceived: number
}

export const measureBudget = async (say: (progress: string) => void, seconds: number): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'comity-stages-'))
  try {
    const { runs, pids } = await runProfiled(directory, seconds, say)
    const profiles = await readProfiles(directory)
    const ofSide = pids.map((pid) => {
      const found = profiles.find(({ file }) => file.includes(`.${pid}.`))
      if (!found) throw new Error(`process ${pid} has left no profile`)
      return found
    })
    return [stageGrid(runs, ofSide), countGrid(runs)].join('\n\n')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** When it returns, the processes have ended and written their profiles. */
const runProfiled = async (directory: string, seconds: number, say: (progress: string) => void) => {
  const profiling = ['--cpu-prof', '--cpu-prof-dir', directory, '--cpu-prof-interval', String(SAMPLING_US)]
  say('starting comity with a profiler')
  await using comity = await startComity({ pairsMax: 16, nodeArguments: profiling })
  await warmUp(comity, say)
  const runs: Run[] = []
  for (const load of LOADS) {
    say(`measuring ${load.pairs}×${load.inFlight}`)
    const before = await countsOf(comity)
    const fromUs = nowUs()
    const { messages } = await comity.run(load, seconds)
    const span = { fromUs, toUs: nowUs() }
    const after = await countsOf(comity)
    runs.push({ load, span, messages, counts: after.map((each, side) => perMessage(each, before[side], messages)) })
  }
  return { runs, pids: SIDES.map((domain) => comity.ground.network.backend(domain).processes[0]?.pid ?? 0) }
}

const countsOf = async ({ ground, cpuSeconds }: ComityContestant): Promise<Counts[]> => {
  const cpu = await cpuSeconds()
  await systemClock.sleep(STATISTICS_MS)
  const ofDatabases = [cpu['its PostgreSQL (sending)'] ?? 0, cpu['its PostgreSQL (receiving)'] ?? 0]
  return Promise.all(
    SIDES.map(async (domain, side) => ({
      ...(await databaseCounts(ground.urls[domain] ?? '')),
      databaseCpuUs: (ofDatabases[side] ?? 0) * 1e6,
      callsReceived: await callsReceived(ground.network.backend(domain).ports.federatorInward),
    })),
  )
}

const databaseCounts = async (url: string): Promise<Pick<Counts, 'statements' | 'walBytes'>> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ commits: string; wal: string }>(
      `select xact_commit + xact_rollback as commits, pg_current_wal_lsn() - '0/0' as wal
       from pg_stat_database where datname = current_database()`,
    )
    return { statements: Number(rows[0]?.commits), walBytes: Number(rows[0]?.wal) }
  } finally {
    await client.end()
  }
}

const callsReceived = async (port: number): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/i/metrics`)).text()
  const values = text.matchAll(/^com_wire_federator_incoming_requests\S* (\S+)$/gm)
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}

const perMessage = (after: Counts, before: Counts | undefined, messages: number): Counts => {
  const each = (key: keyof Counts): number => (after[key] - (before?.[key] ?? 0)) / messages
  return {
    statements: each('statements'),
    walBytes: each('walBytes'),
    databaseCpuUs: each('databaseCpuUs'),
    callsReceived: each('callsReceived'),
  }
}

const HEAD = LOADS.flatMap(({ pairs, inFlight }) => [`${pairs}×${inFlight} sending`, `${pairs}×${inFlight} receiving`])

const stageGrid = (runs: readonly Run[], profiles: readonly SampledProfile[]): string => {
  const columns = runs.flatMap(({ span, messages }) =>
    profiles.map((profile) => {
      const times = stageTimes(profile, span)
      return STAGE_NAMES.map((name) => (times.get(name) ?? 0) / messages)
    }),
  )
  const rows = STAGE_NAMES.map((name, stage) => [name, ...columns.map((of) => (of[stage] ?? 0).toFixed(0))])
  const sums = columns.map((of) => of.reduce((sum, each) => sum + each, 0).toFixed(0))
  return grid([['CPU µs per message', ...HEAD], ...rows, ['all of it', ...sums]])
}

const COUNTED: readonly (readonly [string, keyof Counts, number])[] = [
  ['CPU µs of PostgreSQL', 'databaseCpuUs', 0],
  ['transactions', 'statements', 2],
  ['bytes of WAL', 'walBytes', 0],
  ['calls from the other backend', 'callsReceived', 2],
]

const countGrid = (runs: readonly Run[]): string =>
  grid([
    ['per message', ...HEAD],
    ...COUNTED.map(([name, key, decimals]) => [
      name,
      ...runs.flatMap(({ counts }) => counts.map((of) => of[key].toFixed(decimals))),
    ]),
  ])
