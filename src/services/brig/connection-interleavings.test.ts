/**
 * Two people of two backends change their connection at the same time, over a network that delays, reorders, loses and
 * repeats. One thing happens at a time, chosen by a seeded generator, so that a failing run can be repeated:
 * INTERLEAVING_SEED of the message is the argument of {@link play}.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConnectionStatus } from '#src/contract/connections.ts'
import { jsonResponse, type WireResponse } from '#src/kit/http/wire.ts'
import { type Random, seededRandom } from '#src/kit/random.ts'
import { derivedOneToOne } from '#src/rpc/conversation-ids.ts'
import { afterOurs, afterTheirs, type LocalAction, reactionTo, type Status, transmitted } from './connection-rules.ts'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import { newNetwork, type Person, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const RUNS = 1_000

const network = newNetwork()
let a: TestBrig
let b: TestBrig
let alice: Person
let bob: Person
const owned = new AsyncDisposableStack()
/** A server where there is one, because it is faster; the order of what happens is the same. */
const databaseOf = async () => {
  const server = process.env['COMITY_TEST_DATABASE_URL']
  const databases = owned.use(await (server === undefined ? embeddedDatabases() : serverDatabases(server)))
  return owned.use(await databases.open())
}
before(async () => {
  a = owned.use(await startTestBrig({ domain: 'a.example', network, database: await databaseOf() }))
  b = owned.use(await startTestBrig({ domain: 'b.example', network, database: await databaseOf() }))
  ;[alice, bob] = [await registerPerson(a, 'Alice'), await registerPerson(b, 'Bob')]
})
after(() => owned.disposeAsync())

test('CON-031: whatever both sides did at the same time and the network did to it, two requests in turn connect them', async () => {
  const together = reachableOneByOne()
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const isFaulty = seed % 2 === 0
    const story = await play(seed, isFaulty).catch((cause: unknown) => {
      throw new Error(`INTERLEAVING_SEED=${seed}`, { cause })
    })
    // Where nothing was lost or repeated both sides agree at once: they end as if they had acted one after the other.
    const agreed = isFaulty || together.has(story.ended)
    assert.ok(agreed, `INTERLEAVING_SEED=${seed}: ${story.steps} ended as ${story.ended}`)
    assert.equal(story.settled, 'accepted accepted', `INTERLEAVING_SEED=${seed}: ${story.steps}`)
  }
})

interface Story {
  /** What happened, in order, for whoever reads the message of a failure. */
  readonly steps: string
  /** Both statuses when everybody was done. */
  readonly ended: string
  /** And after alice has asked, and then bob, over a network that works. */
  readonly settled: string
}

const play = async (seed: number, isFaulty: boolean): Promise<Story> => {
  const random = seededRandom(seed)
  await Promise.all([a, b].map(async (brig) => brig.alter('delete from brig.connections; delete from brig.outbox')))
  const turns = takingTurns(random)
  const steps: string[] = []
  network.carry = async (call, deliver) => {
    // Everybody waits for the same answer to this, so it cannot be held back for one of them.
    if (call.rpc === 'api-version') return deliver()
    const fault = isFaulty ? faultBy(random) : 'none'
    await turns.next()
    steps.push(`${call.from.slice(0, 1)}:${call.rpc}${fault === 'none' ? '' : ` (${fault})`}`)
    if (fault === 'request lost') return LOST
    if (fault === 'repeated') void turns.take(async () => void (await deliver()))
    const answer = await deliver()
    await turns.next()
    return fault === 'answer lost' ? LOST : answer
  }
  for (let left = 2 + Math.floor(random.unit() * 3); left > 0; left -= 1) {
    const [from, to] = random.unit() < 0.5 ? [alice, bob] : [bob, alice]
    const wanted = oneOf(WISHES, random)
    void turns.take(async () => {
      steps.push(`${from.brig.domain.slice(0, 1)}:${wanted}`)
      await wish(from, to, wanted)
    })
  }
  network.pause = () => turns.next()
  await turns.allTaken()
  network.carry = async (_, deliver) => deliver()
  network.pause = async () => {}
  const ended = await statuses()
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const asked = await wish(from, to, 'ask')
    assert.ok(['created', 'existed'].includes(asked), `${from.brig.domain} asks and is answered ${asked}`)
  }
  return { steps: steps.join(', '), ended, settled: await statuses() }
}

const WISHES = ['ask', 'ask', 'accepted', 'cancelled', 'ignored', 'blocked'] as const

const wish = async (from: Person, to: Person, wanted: (typeof WISHES)[number]): Promise<string> => {
  const params = { domain: to.brig.domain, user: to.id }
  try {
    return wanted === 'ask'
      ? (await from.calls('request-connection', { params })).outcome
      : (await from.calls('update-connection', { params, body: { status: wanted satisfies ConnectionStatus } })).outcome
  } catch (error) {
    // What the app is told of a network that lost something.
    if (error instanceof Error && /answered 5(21|33)/.test(error.message)) return 'failed'
    throw error
  }
}

const statuses = async (): Promise<string> => {
  const expected = derivedOneToOne('proteus', { domain: a.domain, id: alice.id }, { domain: b.domain, id: bob.id })
  const found = await Promise.all([statusOf(alice, bob), statusOf(bob, alice)])
  for (const side of found) if (side) assert.deepEqual(side.qualified_conversation, expected)
  return found.map((side) => side?.status ?? 'none').join(' ')
}

const statusOf = async (from: Person, to: Person) => {
  const found = await from.calls('get-connection', { params: { domain: to.brig.domain, user: to.id } })
  return found.outcome === 'found' ? found.body : undefined
}

const LOST: WireResponse = jsonResponse(521, { code: 521, label: 'federation-connection-refused', message: 'lost' })

const FAULTS = ['request lost', 'answer lost', 'answer lost', 'repeated'] as const

const faultBy = (random: Random): (typeof FAULTS)[number] | 'none' =>
  random.unit() < 0.35 ? oneOf(FAULTS, random) : 'none'

const oneOf = <T>(choices: readonly T[], random: Random): T => {
  const chosen = choices[Math.floor(random.unit() * choices.length)]
  assert.ok(chosen !== undefined)
  return chosen
}

/**
 * Everything that happens is a task; when all of them wait, one goes on, by chance. So the order depends on the seed
 * alone, and not on how fast a database answers.
 */
const takingTurns = (random: Random) => {
  const waiting: (() => void)[] = []
  const finished = Promise.withResolvers<void>()
  let open = 0
  const goOn = (): void => {
    if (open === 0) return finished.resolve()
    if (waiting.length < open) return
    const [chosen] = waiting.splice(Math.floor(random.unit() * waiting.length), 1)
    chosen?.()
  }
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      // Not at once: whoever opens several tasks has opened all of them by then.
      queueMicrotask(goOn)
    })
  return {
    next,
    take: async (task: () => Promise<void>): Promise<void> => {
      open += 1
      try {
        await next()
        await task()
      } catch (error) {
        finished.reject(error)
      } finally {
        open -= 1
        goOn()
      }
    },
    allTaken: (): Promise<void> => finished.promise,
  }
}

/** All pairs of statuses that two people reach who act one after the other over a network that works. */
const reachableOneByOne = (): Set<string> => {
  type Side = Status | undefined
  const seen = new Map<string, readonly [Side, Side]>()
  const visit = (mine: Side, theirs: Side): void => {
    const name = `${mine ?? 'none'} ${theirs ?? 'none'}`
    if (seen.has(name)) return
    seen.set(name, [mine, theirs])
    for (const action of ['connect', 'block', 'ignore', 'rescind'] as const) {
      visit(...act(mine, theirs, action))
      const [acted, told] = act(theirs, mine, action)
      visit(told, acted)
    }
  }
  const act = (mine: Side, theirs: Side, action: LocalAction): readonly [Side, Side] => {
    const ours = afterOurs(mine, action)
    if (ours === undefined) return [mine, theirs]
    const sent = transmitted(action)
    if (sent === undefined) return [ours, theirs]
    const told = afterTheirs(theirs, sent)
    const reaction = reactionTo(theirs, told)
    return [(reaction && afterTheirs(ours, reaction)) ?? ours, told ?? theirs]
  }
  visit(undefined, undefined)
  return new Set(seen.keys())
}
