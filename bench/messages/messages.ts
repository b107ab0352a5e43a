/**
 * How fast messages travel from a person to a person of another backend, durably stored on both, beside two XMPP
 * servers of a kind that store nothing. All in one run, because only ratios within one run mean anything;
 * docs/performance.md has the last one and what it says.
 */
import { z } from 'zod'
import { type Figure, grid, median } from '../figures.ts'
import { profileReport } from '../transport/profile.ts'
import { measureBudget } from './budget.ts'
import { startComity } from './comity.ts'
import type { Contestant } from './contestant.ts'
import type { Load, LoadResult } from './load.ts'
import { warmUp } from './warm-up.ts'
import { startXmpp, whyNot } from './xmpp.ts'

const CASES: readonly Load[] = [
  { pairs: 1, inFlight: 1 },
  { pairs: 16, inFlight: 8 },
  { pairs: 64, inFlight: 8 },
]
/** In the order of the report. */
const SERVERS = ['comity', 'prosody', 'ejabberd'] as const

const Options = z.object({
  seconds: z.coerce.number().positive().max(60).default(3),
  reps: z.coerce.number().int().positive().max(20).default(3),
  servers: z
    .preprocess((text) => (typeof text === 'string' ? text.split(',') : text), z.array(z.enum(SERVERS)).min(1))
    .default([...SERVERS]),
  profile: z.string().min(1).optional(),
  stages: z.boolean().default(false),
})
type Options = z.infer<typeof Options>

interface Measured extends LoadResult {
  readonly contestant: string
  readonly load: Load
  /** Milliseconds of CPU per message, by process. */
  readonly cpuMs: Readonly<Record<string, number>>
}

export const measureMessages = async (say: (progress: string) => void, given: object) => {
  const options = Options.parse(given)
  const { profile } = options
  if (options.stages) return { figures: [], text: await measureBudget(say, options.seconds) }
  const { all, diskWaitsMs, remarks } = await withContestants(options, say)
  if (profile !== undefined) return { figures: [], text: await profileReport(profile) }
  return { figures: figuresOf(all), text: [reportOf(all), ...ratiosOf(all, diskWaitsMs), ...remarks].join('\n') }
}

/** When it returns, all that was started has ended. */
const withContestants = async (options: Options, say: (progress: string) => void) => {
  await using stack = new AsyncDisposableStack()
  const pairsMax = Math.max(...CASES.map(({ pairs }) => pairs))
  const contestants: Contestant[] = []
  const remarks: string[] = []
  for (const server of options.servers) {
    const reason = server === 'comity' ? undefined : await whyNot(server)
    if (reason !== undefined) {
      remarks.push(reason)
      continue
    }
    say(`starting ${server}`)
    contestants.push(stack.use(await startContestant(server, pairsMax, options.profile)))
  }
  return { ...(await measureAll(contestants, options, say)), remarks }
}

const startContestant = (server: (typeof SERVERS)[number], pairsMax: number, profile: string | undefined) => {
  if (server !== 'comity') return startXmpp(server, pairsMax)
  const nodeArguments = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
  return startComity({ pairsMax, nodeArguments })
}

const measureAll = async (
  contestants: readonly Contestant[],
  { reps, seconds }: Options,
  say: (progress: string) => void,
): Promise<{ readonly all: readonly Measured[]; readonly diskWaitsMs: readonly number[] }> => {
  const all: Measured[] = []
  const diskWaitsMs: number[] = []
  for (const contestant of contestants) await warmUp(contestant, say)
  for (let repetition = 1; repetition <= reps; repetition += 1) {
    for (const load of CASES) {
      for (const contestant of contestants) {
        const measured = await measureOne(contestant, load, seconds)
        const { perSecond, p50Ms, p99Ms } = measured
        const what = `${contestant.name} ${nameOf(load)}`
        say(`${repetition}/${reps}  ${what}: ${perSecond.toFixed(0)}/s, ${p50Ms.toFixed(2)} / ${p99Ms.toFixed(1)} ms`)
        all.push(measured)
      }
    }
    for (const contestant of contestants) {
      if (contestant.diskWaitMs) diskWaitsMs.push(await contestant.diskWaitMs())
    }
  }
  return { all, diskWaitsMs }
}

/** Before each measurement: while the others ran, a contestant's memory and caches were theirs. */
const SETTLING_SECONDS = 1

const measureOne = async (contestant: Contestant, load: Load, seconds: number): Promise<Measured> => {
  await contestant.run(load, SETTLING_SECONDS)
  const before = await contestant.cpuSeconds()
  const result = await contestant.run(load, seconds)
  const after = await contestant.cpuSeconds()
  const cpuMs = Object.fromEntries(
    Object.entries(after).map(([name, used]) => [name, ((used - (before[name] ?? 0)) * 1000) / result.messages]),
  )
  return { ...result, contestant: contestant.name, load, cpuMs }
}

const nameOf = ({ pairs, inFlight }: Load): string => `${pairs}×${inFlight}`

const medianOf = (rows: readonly Measured[], of: (row: Measured) => number): number => median(rows.map(of))

const groups = (all: readonly Measured[]): Measured[][] => {
  const byKey = Map.groupBy(all, ({ contestant, load }) => `${contestant} ${nameOf(load)}`)
  return [...byKey.values()]
}

const figuresOf = (all: readonly Measured[]): Figure[] =>
  groups(all).flatMap((rows) => {
    const [first] = rows
    const name = `${first?.contestant} ${first ? nameOf(first.load) : ''}`
    return [
      { name: `${name}, messages`, value: medianOf(rows, (row) => row.perSecond), unit: 'req/s' as const },
      { name: `${name}, p50`, value: medianOf(rows, (row) => row.p50Ms), unit: 'ms' as const },
      { name: `${name}, p99`, value: medianOf(rows, (row) => row.p99Ms), unit: 'ms' as const },
      { name: `${name}, CPU per message`, value: medianOf(rows, cpuMsOf), unit: 'ms' as const },
    ]
  })

const cpuMsOf = ({ cpuMs }: Measured): number => Object.values(cpuMs).reduce((sum, each) => sum + each, 0)

const reportOf = (all: readonly Measured[]): string => {
  const rows = groups(all).map((of) => {
    const [first] = of
    const split = Object.keys(first?.cpuMs ?? {}).map((name) => medianOf(of, (row) => row.cpuMs[name] ?? 0).toFixed(3))
    return [
      `${first?.contestant} ${first ? nameOf(first.load) : ''}`,
      medianOf(of, (row) => row.perSecond).toFixed(0),
      `${medianOf(of, (row) => row.p50Ms).toFixed(2)} / ${medianOf(of, (row) => row.p99Ms).toFixed(1)}`,
      medianOf(of, cpuMsOf).toFixed(3),
      split.join(' + '),
      medianOf(of, (row) => (row.generatorCpuSeconds * 1000) / row.messages).toFixed(3),
    ]
  })
  const head = ['pairs × in flight', 'messages/s', 'p50 / p99 ms', 'CPU ms', 'of each process', 'CPU ms of the load']
  return grid([head, ...rows])
}

/** What the issue asks for, as ratios within this run. */
const ratiosOf = (all: readonly Measured[], diskWaitsMs: readonly number[]): string[] => {
  const of = (contestant: string, load: string, figure: (row: Measured) => number): number | undefined => {
    const rows = all.filter((row) => row.contestant === contestant && nameOf(row.load) === load)
    return rows.length > 0 ? medianOf(rows, figure) : undefined
  }
  const rate = [of('comity', '16×8', (row) => row.perSecond), of('prosody', '16×8', (row) => row.perSecond)] as const
  const lone = [of('comity', '1×1', (row) => row.p50Ms), of('ejabberd', '1×1', (row) => row.p50Ms)] as const
  const line = (what: string, [ours, theirs]: readonly [number | undefined, number | undefined]): string[] =>
    ours === undefined || theirs === undefined ? [] : [`${what}: ${(ours / theirs).toFixed(2)} ×`]
  return [
    ...line('rate at 16×8 against Prosody (goal: at least 0.5)', rate),
    ...line('p50 of a lone message against ejabberd (goal: at most 6)', lone),
    ...line('of that, waiting for the disks', [diskWaitsMs.length > 0 ? median(diskWaitsMs) : undefined, lone[1]]),
  ]
}
