/** Two of our own backends, each in one process beside its PostgreSQL. */
import { cpuSecondsOf } from '../transport/cpu.ts'
import type { Contestant } from './contestant.ts'
import { diskWaitMs } from './disk.ts'
import { ALPHA, BETA, type Ground, startGround } from './ground.ts'
import { openReader, runLoad } from './load.ts'

interface Plan {
  readonly pairsMax: number
  readonly nodeArguments: readonly string[]
}

export interface ComityContestant extends Contestant {
  readonly ground: Ground
}

export const startComity = async ({ pairsMax, nodeArguments }: Plan): Promise<ComityContestant> => {
  await using stack = new AsyncDisposableStack()
  const ground = stack.use(await startGround(nodeArguments))
  const pairs = await ground.pairs(pairsMax)
  const readers = await Promise.all(pairs.map(openReader))
  for (const reader of readers) stack.use(reader)
  const owned = stack.move()
  return {
    name: 'comity',
    ground,
    cpuSeconds: () => cpuOf(ground),
    run: (load, seconds) =>
      runLoad(pairs.slice(0, load.pairs), readers.slice(0, load.pairs), { inFlight: load.inFlight, seconds }),
    diskWaitMs: async () => (await diskWaitMs(ground.urls[ALPHA] ?? '')) + (await diskWaitMs(ground.urls[BETA] ?? '')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const cpuOf = async ({ network, databases }: Ground): Promise<Record<string, number>> => {
  const process = (domain: string): Promise<number> => cpuSecondsOf(network.backend(domain).processes[0]?.pid ?? 0)
  const database = (domain: string): Promise<number> => cpuSecondsOf(databases[domain]?.pid ?? 0)
  const [sender, receiver, senderDatabase, receiverDatabase] = await Promise.all([
    process(ALPHA),
    process(BETA),
    database(ALPHA),
    database(BETA),
  ])
  return {
    'sending backend': sender,
    'receiving backend': receiver,
    'its PostgreSQL (sending)': senderDatabase,
    'its PostgreSQL (receiving)': receiverDatabase,
  }
}
