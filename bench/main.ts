/** `npm run bench -- NAME [--json FILE]`: measures one thing, prints a table, and writes the figures for machines. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Figure, table } from './figures.ts'

interface Benchmark {
  readonly summary: string
  measure(say: (progress: string) => void): Promise<readonly Figure[]>
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  world: {
    summary: 'two backends: second start to ready, a federated message to its reader, memory when idle',
    measure: async (say) => (await import('./world.ts')).measureWorld(say),
  },
}

const HELP = `Measure Comity.

Usage: npm run bench -- NAME [--json FILE]

${Object.entries(BENCHMARKS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join('\n')}

Options:
  --json FILE   also write the figures as JSON: { "benchmark": NAME, "figures": [{ "name", "value", "unit" }] }
`

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  const [name] = positionals
  const benchmark = name === undefined ? undefined : BENCHMARKS[name]
  if (values.help === true || name === undefined || !benchmark) {
    process.stdout.write(HELP)
    return values.help === true ? 0 : 2
  }
  const figures = await benchmark.measure((progress) => void process.stderr.write(`${progress}\n`))
  process.stdout.write(`${table(figures)}\n`)
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ benchmark: name, figures }, undefined, 2)}\n`)
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2))
