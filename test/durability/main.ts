/** `npm run crash -- --runs N --seed N`: see campaign.ts. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { systemClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import { listenForInterrupts } from '#src/world/interrupts.ts'
import { signalAll } from '#src/world/managed-process.ts'
import { crashCampaign } from './campaign.ts'

const Options = z.object({
  runs: z.coerce.number().int().positive().max(100_000).default(200),
  seed: z.coerce.number().int().nonnegative().max(1_000_000).optional(),
  first: z.coerce.number().int().positive().default(1),
})

const HELP = `Usage: npm run crash -- [options]

Two backends under load, a process of one of them killed at a moment of chance and started again: nothing that was
acknowledged may be lost, come twice, or come out of order. Needs PostgreSQL. A run takes some five seconds.

Options:
  --runs N    how many (default 200)
  --seed N    what chance does (default: by chance); it is told, and repeats a failure
  --first N   the number of the first run: --seed N --first M --runs 1 repeats run M

Example: npm run crash -- --seed 31 --first 12 --runs 1
`

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { runs: text, seed: text, first: text, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(HELP)
  process.exit(0)
}
const { runs, first, seed = Math.floor(systemRandom.unit() * 1_000_000) } = Options.parse(values)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`${runs} runs from ${first} with seed ${seed}`)
// What was started here has groups of its own and hears of no Ctrl-C; all of it was made to be killed.
using interrupts = listenForInterrupts(systemClock, () => undefined)
void interrupts.interrupted.then(() => {
  signalAll('SIGKILL')
  process.exit(130)
})
await crashCampaign({ runs, seed, first, say })
say(`${runs} runs passed, seed ${seed}`)
