/**
 * The crash campaign: people of two backends write to each other, and in the middle of it one process of one backend
 * is killed and started again. Whatever was acknowledged must reach every reader's device once, and in its order.
 * What is killed and when comes from a seed, so that a failure can be tried again.
 */
import { type Role } from '#src/config.ts'
import { systemClock } from '#src/kit/clock.ts'
import { seededRandom } from '#src/kit/random.ts'
import type { Qualified } from '#src/world/app-client.ts'
import type { Person } from '#src/world/person.ts'
import { TestNetwork } from '#src/world/test-network.ts'
import { startPostgres } from '#test/services/postgres.ts'
import { violations } from './verdict.ts'

const DOMAINS = ['alpha.test', 'beta.test'] as const
const ROLES: readonly Role[] = ['ingress', 'federator', 'brig', 'galley', 'gundeck', 'courier', 'gateway']
const MESSAGES_PER_RUN = 12
/** After the kill, so that some go on while the process is away. */
const KILL_DELAY_MS_MAX = 25
/** A peer that was away is tried again within a minute at most, and then everything has to travel. */
const ARRIVAL_MS = 120_000
const RETRY_MS = 50
const ATTEMPTS_MAX = 2_000

export interface CampaignPlan {
  readonly runs: number
  readonly seed: number
  /** The first one; a failure names its own. */
  readonly first?: number
  readonly say: (line: string) => void
}

/** Throws with what went wrong; the seed and the number of the run are in the message. */
export const crashCampaign = async ({ runs, seed, first = 1, say }: CampaignPlan): Promise<void> => {
  const postgres = await startPostgres({ isDurable: true })
  await using network = await TestNetwork.start(DOMAINS, {
    ingress: 'builtin',
    roles: 'apart',
    createDatabase: postgres.createDatabase,
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  })
  const threads = await writers(network)
  for (let number = first; number < first + runs; number += 1) {
    const plan = planOf(seed, number)
    const problems = await run({ network, threads, number, plan })
    const what = `run ${number}: ${plan.role} of ${plan.domain} killed after ${plan.afterMessages} messages`
    if (problems.length > 0) {
      throw new Error(
        `${what}, seed ${seed}:\n${problems.join('\n')}\nAgain: npm run crash -- --seed ${seed} --first ${number} --runs 1`,
      )
    }
    say(`${what}: nothing lost, nothing twice, all in order`)
  }
}

interface Thread {
  readonly writer: Person
  readonly reader: Person
  readonly conversation: Qualified
}

/** Conversations of both backends, written to from both: through the owner's queue, and through the owner. */
const writers = async (network: TestNetwork): Promise<Thread[]> => {
  const [alice, adam, bob, bella] = await network.register(
    'alice@alpha.test',
    'adam@alpha.test',
    'bob@beta.test',
    'bella@beta.test',
  )
  if (!alice || !adam || !bob || !bella) throw new Error('somebody is missing')
  await alice.connectWith(bob)
  await bella.connectWith(adam)
  const ofAlpha = await alice.createConversation([bob])
  const ofBeta = await bella.createConversation([adam])
  return [
    { writer: alice, reader: bob, conversation: ofAlpha },
    { writer: bob, reader: alice, conversation: ofAlpha },
    { writer: bella, reader: adam, conversation: ofBeta },
    { writer: adam, reader: bella, conversation: ofBeta },
  ]
}

interface RunPlan {
  readonly domain: (typeof DOMAINS)[number]
  readonly role: Role
  readonly afterMessages: number
  readonly delayMs: number
}

const planOf = (seed: number, number: number): RunPlan => {
  const random = seededRandom(seed * 100_003 + number)
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => {
    const picked = from[Math.floor(random.unit() * from.length)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
  return {
    domain: pick(DOMAINS),
    role: pick(ROLES),
    afterMessages: 1 + Math.floor(random.unit() * (MESSAGES_PER_RUN * 3)),
    delayMs: random.unit() * KILL_DELAY_MS_MAX,
  }
}

interface Run {
  readonly network: TestNetwork
  readonly threads: readonly Thread[]
  readonly number: number
  readonly plan: RunPlan
}

const run = async ({ network, threads, number, plan }: Run): Promise<string[]> => {
  const backend = network.backend(plan.domain)
  const killing = Promise.withResolvers<void>()
  let acknowledgedInAll = 0
  const onAcknowledged = (): void => {
    acknowledgedInAll += 1
    if (acknowledgedInAll === plan.afterMessages) killing.resolve()
  }
  const writing = threads.map((thread, index) => write(thread, { prefix: `${number}.${index}.`, onAcknowledged }))
  await killing.promise
  await systemClock.sleep(plan.delayMs)
  await backend.killRole(plan.role)
  await backend.startRole(plan.role)
  await Promise.all(threads.map(({ reader }) => comeBack(reader)))
  const written = await Promise.all(writing)
  const problems: string[] = []
  for (const [index, thread] of threads.entries()) {
    const { reader, conversation } = thread
    const { acknowledged, attempted } = written[index] ?? { acknowledged: [], attempted: [] }
    const last = acknowledged.at(-1) ?? ''
    await untilRead(reader, conversation, last)
    const texts = reader.texts(conversation).filter((text) => text.startsWith(`${number}.${index}.`))
    problems.push(...violations({ acknowledged, attempted, texts }))
  }
  return problems
}

interface Writing {
  readonly prefix: string
  readonly onAcknowledged: () => void
}

interface Written {
  readonly acknowledged: readonly string[]
  /** All of them, those included of which nobody knows. */
  readonly attempted: readonly string[]
}

/** One after the other, as many as are acknowledged in the end; what fails is not written again. */
const write = async ({ writer, conversation }: Thread, { prefix, onAcknowledged }: Writing): Promise<Written> => {
  const acknowledged: string[] = []
  const attempted: string[] = []
  while (acknowledged.length < MESSAGES_PER_RUN) {
    if (attempted.length > ATTEMPTS_MAX) throw new Error(`${writer.account.handle} cannot send any more`)
    const text = `${prefix}${attempted.length}`
    attempted.push(text)
    try {
      await writer.send(conversation, text)
      acknowledged.push(text)
      onAcknowledged()
    } catch {
      // Not acknowledged: it may or may not have been accepted, and the story goes on.
      await systemClock.sleep(RETRY_MS)
    }
  }
  return { acknowledged, attempted }
}

const comeBack = async (person: Person): Promise<void> => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      await person.goOffline()
      await person.goOnline()
      return
    } catch {
      // Something on the way is not back yet.
      await systemClock.sleep(RETRY_MS)
    }
  }
  throw new Error(`${person.account.handle} does not come online again`)
}

const untilRead = (reader: Person, conversation: Qualified, text: string): Promise<unknown> =>
  reader.inbox.until(`"${text}"`, () => (reader.texts(conversation).includes(text) ? true : undefined), ARRIVAL_MS)
