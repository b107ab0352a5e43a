/**
 * How fast large files travel: up, down, and down from the other backend through every part there is, beside the same
 * bytes through a chain of four nginx. What our processes grow by meanwhile. docs/performance.md has the last run.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { withDeadline } from '#src/kit/deadline.ts'
import { EMBEDDED } from '#src/world/test-network.ts'
import { findPostgres, startPostgres } from '#test/services/postgres.ts'
import { type Figure, grid, median } from '../figures.ts'
import { startGround } from '../transport/ground.ts'
import { NGINX_SITE } from '../transport/nginx-chain.ts'
import { parseOptions } from '../transport/options.ts'
import { RESPONDER_SITE } from '../transport/responder.ts'
import { type Contestant, type Plan, startBackends, startNginx, type Way } from './contestants.ts'
import { type Growth, watchGrowth } from './memory.ts'
import type { TransferOrder, TransferReport } from './transfers.ts'

const Options = z.object({
  reps: z.coerce.number().int().positive().max(20).default(3),
  seconds: z.coerce.number().positive().max(60).default(10),
  bulk: z.coerce.number().int().positive().max(2_000).default(100),
})

const WAYS: readonly Way[] = ['up', 'down', 'down from the other backend']
const AT_ONCE = [1, 32] as const
const BYTES_PER_MB = 1e6
const GROWTH_MIB_MAX = 32
const TO_NGINX_MIN = 0.4
const SLACK_MS = 60_000

interface Measured {
  readonly contestant: string
  readonly way: Way
  readonly atOnce: number
  readonly megabytesPerSecond: number
  /** Of the process that grew most. */
  readonly growth: Growth | undefined
}

export const measureAssets = async (say: (progress: string) => void, given: object) => {
  const options = Options.parse(given)
  const bytes = options.bulk * BYTES_PER_MB
  await using stack = new AsyncDisposableStack()
  const client = fork(join(import.meta.dirname, 'transfers.ts'), { execArgv: [] })
  stack.defer(() => client.disconnect())
  const ground = stack.use(
    await startGround({
      options: parseOptions({ bulk: String(options.bulk) }),
      sites: [RESPONDER_SITE, NGINX_SITE],
      onDeath: (reason) => say(reason.message),
    }),
  )
  say('starting four nginx')
  const contestants: Contestant[] = [await startNginx(ground)]
  say('starting two backends, one process each')
  contestants.push(stack.use(await startBackends('one process each', EMBEDDED, { bytes })))
  if (await findPostgres()) {
    say('starting two backends, roles apart')
    const { createDatabase } = stack.use(await startPostgres())
    const shape = { ingress: 'builtin', roles: 'apart', createDatabase } as const
    contestants.push(stack.use(await startBackends('roles apart', shape, { bytes })))
  }
  const measured = await measureAll({ contestants, client, options, say })
  return { figures: figuresOf(measured), text: reportOf(measured, options.bulk) }
}

interface Needs {
  readonly contestants: readonly Contestant[]
  readonly client: ChildProcess
  readonly options: z.infer<typeof Options>
  readonly say: (progress: string) => void
}

const measureAll = async ({ contestants, client, options: { reps, seconds }, say }: Needs): Promise<Measured[]> => {
  const all: Measured[] = []
  // The first of each warms up, and leaves the asset that is fetched.
  for (let repetition = 0; repetition <= reps; repetition += 1) {
    for (const { contestant, way, atOnce } of turnsOf(contestants, repetition)) {
      const plan = contestant.plans[way]
      if (!plan) continue
      const measured = await measureOne(contestant, plan, { client, way, atOnce, seconds })
      say(`${repetition}/${reps}  ${way}, ${atOnce} at once, ${contestant.name}: ${describe(measured)}`)
      if (repetition > 0) all.push(measured)
    }
  }
  return all
}

/** Interleaved: a machine has good and bad minutes. Many at once say the same each time, and take long. */
const turnsOf = (contestants: readonly Contestant[], repetition: number) =>
  AT_ONCE.filter((atOnce) => atOnce === 1 || repetition <= 1).flatMap((atOnce) =>
    WAYS.filter((way) => atOnce === 1 || way !== 'up').flatMap((way) =>
      contestants.map((contestant) => ({ contestant, way, atOnce })),
    ),
  )

interface Case {
  readonly client: ChildProcess
  readonly way: Way
  readonly atOnce: number
  readonly seconds: number
}

const measureOne = async (contestant: Contestant, plan: Plan, of: Case): Promise<Measured> => {
  const { client, way, atOnce, seconds } = of
  // One is never broken off.
  const secondsMax = atOnce === 1 ? SLACK_MS / 1000 : seconds
  const order: TransferOrder = { ...plan, atOnce, secondsMax }
  const { result, growth } = await watchGrowth(contestant.processes, () => transfer(client, order))
  if (way === 'up') contestant.uploaded(result.answer)
  const [most] = growth.toSorted((a, b) => b.mebibytes - a.mebibytes)
  const megabytesPerSecond = result.bytes / BYTES_PER_MB / result.seconds
  return { contestant: contestant.name, way, atOnce, megabytesPerSecond, growth: most }
}

const transfer = async (client: ChildProcess, order: TransferOrder) => {
  client.send(order)
  const [report] = (await withDeadline(
    (signal) => once(client, 'message', { signal }),
    order.secondsMax * 1000 + SLACK_MS,
    'transferring a file',
  )) as [TransferReport]
  if ('failed' in report) throw new Error(report.failed)
  return report
}

const describe = ({ megabytesPerSecond, growth }: Measured): string =>
  `${Math.round(megabytesPerSecond)} MB/s${growth ? `, ${growth.name} grew by ${Math.round(growth.mebibytes)} MiB` : ''}`

interface Row {
  readonly contestant: string
  readonly way: Way
  readonly atOnce: number
  readonly speed: number
  readonly toNginx: number
  readonly growth: Growth | undefined
}

const rowsOf = (measured: readonly Measured[]): Row[] => {
  const cases = Map.groupBy(measured, ({ contestant, way, atOnce }) => `${contestant}/${way}/${atOnce}`)
  const speedOf = (those: readonly Measured[]): number => median(those.map((each) => each.megabytesPerSecond))
  return Array.from(cases.values(), (those) => {
    const [{ contestant, way, atOnce }] = those as [Measured]
    const nginx = cases.get(`four nginx/${way}/${atOnce}`)
    const growth = those.flatMap((each) => each.growth ?? []).toSorted((a, b) => b.mebibytes - a.mebibytes)[0]
    return {
      contestant,
      way,
      atOnce,
      speed: speedOf(those),
      toNginx: nginx ? speedOf(those) / speedOf(nginx) : Number.NaN,
      growth,
    }
  })
}

const figuresOf = (measured: readonly Measured[]): Figure[] =>
  rowsOf(measured).flatMap(({ contestant, way, atOnce, speed, toNginx, growth }) => {
    const name = `${contestant}, ${way}, ${atOnce} at once`
    const isFederated = contestant !== 'four nginx' && way === 'down from the other backend'
    return [
      { name, value: speed, unit: 'MB/s' as const },
      ...(isFederated
        ? [{ name: `${name}, to nginx`, value: toNginx, unit: '×' as const, atLeast: TO_NGINX_MIN }]
        : []),
      ...(growth
        ? [{ name: `${name}, growth`, value: growth.mebibytes, unit: 'MB' as const, below: GROWTH_MIB_MAX }]
        : []),
    ]
  })

const reportOf = (measured: readonly Measured[], megabytes: number): string => {
  const rows = rowsOf(measured).map(({ contestant, way, atOnce, speed, toNginx, growth }) => [
    `${way}, ${contestant}`,
    String(atOnce),
    speed.toFixed(0),
    Number.isNaN(toNginx) ? '-' : toNginx.toFixed(2),
    growth ? growth.mebibytes.toFixed(0) : '-',
    growth?.name ?? '-',
  ])
  const head = [`a file of ${megabytes} MB`, 'at once', 'MB/s', '× nginx', 'growth MiB', 'of']
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}`
  return `${machine}\n\n${grid([head, ...rows])}`
}
