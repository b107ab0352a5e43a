/** A few runs of the crash campaign (`npm run crash`), every time with another seed. */
import { test } from 'node:test'
import { systemRandom } from '#src/kit/random.ts'
import { crashCampaign } from '#test/durability/campaign.ts'
import { findPostgres } from '#test/services/postgres.ts'

const skip = (await findPostgres()) === undefined && 'PostgreSQL is not installed'

test(
  'FED-031: when a process is killed under load, nothing acknowledged is lost, doubled or out of order',
  { skip, tags: ['postgresql'] },
  async (t) => {
    const seed = Math.floor(systemRandom.unit() * 1_000_000)
    t.diagnostic(`seed ${seed}`)
    await crashCampaign({ runs: 2, seed, say: (line) => t.diagnostic(line) })
  },
)
