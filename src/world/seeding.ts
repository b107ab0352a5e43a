/** The world's side of seed-process.ts. */
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { join } from 'node:path'
import { withDeadline } from '#src/kit/deadline.ts'
import { nodeEnvironment } from './backend.ts'
import { SEED_MS } from './limits.ts'
import type { Seeded, SeedPlan } from './seed.ts'

export interface Seeding extends Disposable {
  seed(plan: SeedPlan, say: (progress: string) => void): Promise<Seeded>
}

interface Report {
  readonly progress?: string
  readonly seeded?: Seeded
  readonly failure?: string
}

/** Started before it is needed: loading takes it about as long as the backends need to be ready. */
export function prepareSeeding(): Seeding {
  const child = fork(join(import.meta.dirname, 'seed-process.ts'), { env: { ...process.env, ...nodeEnvironment() } })
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the process that fills the world ended with code ${code}`)
  })
  // Ending is its ordinary fate when nobody waits for a result any more.
  exited.catch(() => undefined)

  const work = async (plan: SeedPlan, say: (progress: string) => void): Promise<Seeded> => {
    const reports = on(child, 'message')
    child.send(plan)
    for await (const [{ progress, seeded, failure }] of reports as AsyncIterable<[Report]>) {
      if (progress !== undefined) say(progress)
      if (failure !== undefined) throw new Error(`filling the world with accounts: ${failure}`)
      if (seeded) return seeded
    }
    throw new Error('the process that fills the world fell silent')
  }
  return {
    seed: (plan, say) =>
      withDeadline(Promise.race([work(plan, say), exited]), SEED_MS, 'filling the world with accounts'),
    [Symbol.dispose]: () => void child.kill(),
  }
}
