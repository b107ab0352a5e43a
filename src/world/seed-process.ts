/**
 * Seeding in a process of its own: what an app needs (HTTP and websocket clients, schemas) would otherwise stay in
 * the memory of the world for as long as it runs. Its plan comes, and its result goes, over the channel to the world.
 */
import { once } from 'node:events'
import { causeChain } from '#src/kit/errors.ts'
import { systemRandom } from '#src/kit/random.ts'
import { seed, type SeedPlan } from './seed.ts'

const report = (message: object): void => void process.send?.(message)

const [plan] = (await once(process, 'message')) as [SeedPlan]
try {
  const seeded = await seed(plan, { random: systemRandom, say: (progress) => report({ progress }) })
  report({ seeded })
} catch (error) {
  report({ failure: causeChain(error) })
}
// The channel is the only thing left that keeps this process alive.
process.disconnect()
