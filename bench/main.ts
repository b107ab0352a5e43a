/** `npm run bench -- NAME [--json FILE]`: measures one thing, prints a table, and writes the figures for machines. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Interrupted } from '#src/world/interrupts.ts'
import { type Figure, table } from './figures.ts'

interface Measured {
  readonly figures: readonly Figure[]
  /** For people, when there is more to say than a line for each figure. */
  readonly text?: string
}

type Options = Readonly<Record<string, string | boolean | undefined>>

interface Benchmark {
  readonly summary: string
  measure(say: (progress: string) => void, options: Options): Promise<Measured>
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  world: {
    summary: 'two backends: second start to ready, a federated message to its reader, memory when idle',
    measure: async (say) => ({ figures: await (await import('./world.ts')).measureWorld(say) }),
  },
  transport: {
    summary: 'requests from backend to backend, beside chains of nginx and haproxy and the naive way',
    measure: async (say, options) => (await import('./transport/transport.ts')).measureTransport(say, options),
  },
  isolation: {
    summary: 'calls to one peer while others hang, drip, reset and have a thousand targets',
    measure: async (say, options) => (await import('./isolation/isolation.ts')).measureIsolation(say, options),
  },
  messages: {
    summary: 'messages from person to person of two backends, stored by both, beside two Prosody and two ejabberd',
    measure: async (say, options) => (await import('./messages/messages.ts')).measureMessages(say, options),
  },
  group: {
    summary: 'a group of 2,000 on 20 other backends: made, written to, changed, by its owner',
    measure: async (say) => (await import('./group.ts')).measureGroup(say),
  },
  lanes: {
    summary: 'the queue by itself: a backlog of 100,000, and fifty remotes most of which are in trouble',
    measure: async (say) => ({ figures: await (await import('./lanes/lanes.ts')).measureLanes(say) }),
  },
  assets: {
    summary: 'a large file up, down, and down from the other backend, beside the same bytes through four nginx',
    measure: async (say, options) => (await import('./assets/assets.ts')).measureAssets(say, options),
  },
  brig: {
    summary: 'what brig does on a database that syncs: profiles of many backends, searches, claims of prekeys',
    measure: async (say, options) => (await import('./brig/brig.ts')).measureBrig(say, options),
  },
}

const HELP = `Measure Comity.

Usage: npm run bench -- NAME [--json FILE] [options of NAME]

${Object.entries(BENCHMARKS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

Options:
  --json FILE   also write the figures as JSON: { "benchmark": NAME, "figures": [{ "name", "value", "unit" }] }

Options of transport:
  --seconds N   of each measurement (default 3)
  --reps N      repetitions, interleaved; medians are told (default 3)
  --conc LIST   requests in flight (default 1,16,64,256)
  --chains LIST of comity, comity-apart, comity-nginx, nginx, haproxy, naive (default: all that this machine can)
  --bulk MB     size of the large bodies; 0 leaves them out (default 100)
  --profile DIR profile our processes into DIR instead, and print where they spend their time

Options of isolation: --seconds, --reps, as above
Options of messages: --seconds, --reps and --profile, as above, and
  --servers LIST of comity, prosody, ejabberd (default: all that this machine can)
  --stages      only comity, under a profiler: what each stage costs per message

Options of assets: --reps; --seconds, here the longest that one measurement of many at once takes (default 10); and
  --bulk MB     size of the file (default 100)

Options of brig:
  --seconds N   of each measurement (default 5)
  --users N     among whom is searched (default 1000000)
  --parts LIST  of profiles, search, prekeys (default: all)
`

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: text,
      help: { type: 'boolean', short: 'h' },
      seconds: text,
      reps: text,
      conc: text,
      chains: text,
      bulk: text,
      profile: text,
      servers: text,
      users: text,
      parts: text,
      stages: { type: 'boolean' },
    },
    allowPositionals: true,
  })
  const [name] = positionals
  const benchmark = name === undefined ? undefined : BENCHMARKS[name]
  if (values.help === true || name === undefined || !benchmark) {
    process.stdout.write(HELP)
    return values.help === true ? 0 : 2
  }
  const measured = await benchmark.measure((progress) => void process.stderr.write(`${progress}\n`), values)
  process.stdout.write(`${measured.text ?? table(measured.figures)}\n`)
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ benchmark: name, figures: measured.figures }, undefined, 2)}\n`)
  }
  return 0
}

const isUsage = (error: unknown): error is TypeError =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof Interrupted) return 130
  if (!isUsage(error)) throw error
  process.stderr.write(`${error.message}\nSee npm run bench -- --help\n`)
  return 2
})
