/** The local world as a newcomer meets it: how soon it is there, how fast a message crosses it, what it weighs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { systemRandom } from '#src/kit/random.ts'
import { epochMicros } from '#src/world/epoch.ts'
import { sameForAll } from '#src/world/app-client.ts'
import { nodeEnvironment } from '#src/world/backend.ts'
import { Person } from '#src/world/person.ts'
import { type Figure, quantile } from './figures.ts'
import { type Resident, residentOf } from './resident.ts'

const MESSAGES = 300
const WARM_UP_MESSAGES = 30
const START_MS = 60_000
/** Long enough for what a start leaves behind (caches, collected garbage) to settle. */
const SETTLE_MS = 10_000
/** Between messages: an idle world, not a loaded one. */
const PAUSE_MS = 15

const Ready = z.object({
  backends: z.array(
    z.object({
      domain: z.string(),
      clientApi: z.string(),
      users: z.array(z.object({ email: z.string(), handle: z.string(), password: z.string() })),
    }),
  ),
})
type Ready = z.infer<typeof Ready>

export async function measureWorld(say: (progress: string) => void): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'comity-bench-'))
  try {
    say('first start: databases, keys and accounts are made')
    const first = await startWorld(directory)
    await stopWorld(first)
    say('second start')
    const second = await startWorld(directory)
    try {
      return await measureRunning({ first, second, say })
    } finally {
      await stopWorld(second)
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}

interface Running {
  readonly child: ChildProcess
  readonly startMs: number
  readonly ready: Ready
}

async function measureRunning(of: {
  first: Running
  second: Running
  say: (progress: string) => void
}): Promise<readonly Figure[]> {
  const { first, second, say } = of
  say(`idle for ${SETTLE_MS / 1000} s`)
  await systemClock.sleep(SETTLE_MS)
  const idle = await residentOf(second.child.pid ?? 0)
  say(`${MESSAGES} messages, one at a time`)
  const latencies = await messageLatencies(second.ready)
  await systemClock.sleep(SETTLE_MS)
  const after = await residentOf(second.child.pid ?? 0)
  return [
    { name: 'first start to ready', value: first.startMs / 1000, unit: 's' },
    { name: 'second start to ready', value: second.startMs / 1000, unit: 's', below: 5 },
    { name: 'message POST to socket, median', value: quantile(latencies, 0.5), unit: 'ms', below: 25 },
    { name: 'message POST to socket, p95', value: quantile(latencies, 0.95), unit: 'ms' },
    { name: 'message POST to socket, p99', value: quantile(latencies, 0.99), unit: 'ms' },
    { name: 'messages measured', value: latencies.length, unit: '1' },
    ...memoryFigures('idle after start', idle, 500),
    ...memoryFigures('idle after messages', after),
  ]
}

function memoryFigures(when: string, memory: Resident, below?: number): Figure[] {
  return [
    { name: `resident, ${when}`, value: memory.residentMb, unit: 'MB', ...(below !== undefined && { below }) },
    { name: `proportional, ${when}`, value: memory.proportionalMb, unit: 'MB' },
    { name: `processes, ${when}`, value: memory.processes, unit: '1' },
  ]
}

async function startWorld(directory: string): Promise<Running> {
  const readyFile = join(directory, 'ready.json')
  const main = join(import.meta.dirname, '../src/main.ts')
  const args = [main, 'world', 'run', '--data', join(directory, 'world'), '--ready-file', readyFile]
  const startedMs = systemClock.monotonicMs()
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...nodeEnvironment() },
  })
  const ready = await withDeadline((signal) => untilReady(child, readyFile, signal), START_MS, 'starting the world')
  return { child, startMs: systemClock.monotonicMs() - startedMs, ready }
}

async function untilReady(child: ChildProcess, readyFile: string, signal: AbortSignal): Promise<Ready> {
  for (;;) {
    const text = await readFile(readyFile, 'utf8').catch(() => undefined)
    if (text !== undefined) return Ready.parse(JSON.parse(text))
    if (child.exitCode !== null) throw new Error(`the world ended with code ${child.exitCode}`)
    await systemClock.sleep(5, signal)
  }
}

async function stopWorld({ child }: Running): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** From handing alice's request to the network to bob's socket having the frame, in milliseconds each. */
async function messageLatencies(ready: Ready): Promise<number[]> {
  await using alice = await logIn(ready, 0)
  await using bob = await logIn(ready, 1)
  const conversation = await alice.createConversation([bob], 'bench')
  const devices = await alice.app.listClients([alice.user, bob.user])
  const latencies: number[] = []
  for (let number = 0; number < WARM_UP_MESSAGES + MESSAGES; number += 1) {
    const text = `message ${number}`
    const recipients = sameForAll(devices, Buffer.from(text), alice.client)
    const received = bob.receives(conversation, text)
    const sentAt = epochMicros()
    const [{ receivedAt }] = await Promise.all([
      received,
      alice.app.sendProteus(conversation, { sender: alice.client, recipients }),
    ])
    if (number >= WARM_UP_MESSAGES && receivedAt !== undefined) latencies.push((receivedAt - sentAt) / 1000)
    await systemClock.sleep(PAUSE_MS)
  }
  return latencies
}

async function logIn({ backends }: Ready, index: number): Promise<Person> {
  const backend = backends[index]
  const user = backend?.users[0]
  if (!backend || !user) throw new Error('the world has too few people')
  return Person.logIn(backend.clientApi, { name: user.handle, ...user }, systemRandom)
}
