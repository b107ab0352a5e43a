/** `comity world run`: several backends in one process tree, from nothing to a first message, until interrupted. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Clock } from '#src/kit/clock.ts'
import { accountAt } from './accounts.ts'
import type { IngressKind } from './backend.ts'
import { type BackendStatus, type ControlRequest, serveControl } from './control.ts'
import { createDatabase, databaseName, dropDatabase } from './databases.ts'
import { hopReport, hopsIn } from './hop-report.ts'
import { Interrupted, type Interrupts, listenForInterrupts } from './interrupts.ts'
import { type WorldLayout, worldLayout } from './layout.ts'
import { describeEnding, type Ending, lastLines, type ManagedProcess, readLog, signalAll } from './managed-process.ts'
import { type Network, PortsTaken, startNetwork } from './network.ts'
import { choosePorts, type Ports } from './ports.ts'
import { readyFile } from './ready-file.ts'
import { replaceFile } from './replace-file.ts'
import type { Seeded } from './seed.ts'
import { prepareSeeding } from './seeding.ts'
import { readState, writeState } from './state.ts'
import { welcome } from './welcome.ts'

export interface RunOptions {
  readonly domains: readonly string[]
  readonly dataDirectory: string
  /** Begin with nothing, whatever an earlier world left. */
  readonly isFresh: boolean
  readonly ingress: IngressKind
  /** A PostgreSQL server; one database per backend is created in it. */
  readonly databaseUrl: string | undefined
  /** JSON: sections of the configuration in which this world's backends are unlike others. */
  readonly settingsFile: string | undefined
  readonly readyFile: string | undefined
}

interface Surroundings {
  readonly clock: Clock
  readonly say: (line: string) => void
}

/** Resolves when the world was interrupted and everything has stopped. */
export async function runWorld(options: RunOptions, { clock, say }: Surroundings): Promise<void> {
  const layout = worldLayout(options.dataDirectory)
  using interrupts = listenForInterrupts(clock, () => {
    signalAll('SIGKILL')
    process.exit(130)
  })
  // What is just starting hears of it too; it ends, and so does the waiting for it.
  void interrupts.interrupted.then(() => signalAll('SIGTERM'))
  try {
    await run({ options, layout, interrupts, clock, say })
  } catch (error) {
    if (!interrupts.isInterrupted) throw error
  }
  say('Stopped.')
}

interface Run extends Surroundings {
  readonly options: RunOptions
  readonly layout: WorldLayout
  readonly interrupts: Interrupts
}

async function run({ options, layout, interrupts, clock, say }: Run): Promise<void> {
  const startedAtMs = clock.monotonicMs()
  const sayProgress = (what: string): void => say(`  ${seconds(clock.monotonicMs() - startedAtMs)}  ${what}`)

  await using stack = new AsyncDisposableStack()
  await mkdir(layout.directory, { recursive: true })
  const world = new Commands()
  stack.use(await serveControl(layout.controlSocket, layout.directory, (request) => world.carryOut(request)))
  say(`Starting ${options.domains.join(' and ')} in ${layout.directory}`)
  if (options.isFresh) await clear(options, layout)
  if (options.readyFile !== undefined) await rm(options.readyFile, { force: true })

  const state = await readState(layout)
  const ports = await choosePorts(options.domains, state?.ports)
  await writeState(layout, { ...state, version: 1, ports })
  const databases = await databasesFor(options)
  proceed(interrupts)

  using seeding = prepareSeeding()
  const onDeath = (ended: ManagedProcess, ending: Ending): void => {
    if (!interrupts.isInterrupted) void tellDeath({ ended, ending, say })
  }
  const network = stack.use(await startBackends({ options, layout, ports, databases, clock, onDeath }))
  sayProgress('backends are up')
  proceed(interrupts)

  const residents = network.backends.map(({ domain, clientApi }, index) => ({
    clientApi,
    account: accountAt(domain, index),
  }))
  const seeded = await seeding.seed({ residents, conversation: state?.conversation }, sayProgress)
  await writeState(layout, { version: 1, ports, conversation: seeded.conversation })
  sayProgress('a first message went across')

  world.open(network, () => announce({ options, network, seeded }))
  await announce({ options, network, seeded })
  stack.defer(async () => (options.readyFile === undefined ? undefined : rm(options.readyFile, { force: true })))
  say(`\n${await wayOfTheFirstMessage(network, seeded)}\n\n${welcome(network, seeded, dataOption(options))}`)
  await interrupts.interrupted
  say('\nStopping …')
}

/** What `comity world stop`, `start` and `status` may ask for, once there is something to stop. */
class Commands {
  #network: Network | undefined
  #changed: () => Promise<void> = async () => undefined

  open(network: Network, changed: () => Promise<void>): void {
    this.#network = network
    this.#changed = changed
  }

  async carryOut(request: ControlRequest): Promise<readonly BackendStatus[]> {
    if (!this.#network) throw new Error('the world is still starting; try again when it says that it is up')
    if (request.command === 'stop') await this.#network.backend(request.domain).stop({ kill: request.kill })
    if (request.command === 'start') await this.#network.backend(request.domain).start()
    if (request.command !== 'status') await this.#changed()
    return this.#network.backends.map(({ domain, isRunning, clientApi, processes }) => ({
      domain,
      isRunning,
      clientApi,
      pids: processes.filter((each) => !each.hasEnded).map((each) => each.pid),
    }))
  }
}

function proceed({ isInterrupted }: Interrupts): void {
  if (isInterrupted) throw new Interrupted()
}

async function startBackends(plan: {
  options: RunOptions
  layout: WorldLayout
  ports: Ports
  databases: ReadonlyMap<string, string>
  clock: Clock
  onDeath: (ended: ManagedProcess, ending: Ending) => void
}): Promise<Network> {
  const { options, layout, ports, databases, clock, onDeath } = plan
  try {
    return await startNetwork({
      layout,
      domains: options.domains,
      ports,
      ingress: options.ingress,
      roles: 'together',
      databaseUrl: (domain) => databases.get(domain),
      settings: options.settingsFile === undefined ? undefined : await settingsIn(options.settingsFile),
      clock,
      onDeath,
    })
  } catch (error) {
    if (!(error instanceof PortsTaken)) throw error
    const advice = `stop what uses them, or remove ${layout.stateFile} to have others chosen`
    throw new Error(`the ports of this world are not free (${advice})`, { cause: error })
  }
}

/** Whether the sections are right the backends say, by name, when they read their configuration. */
async function settingsIn(file: string): Promise<object> {
  const settings: unknown = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch((cause: unknown) => {
      throw new Error(`--settings: ${file} cannot be read as JSON`, { cause })
    })
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new Error(`--settings: ${file} must hold an object with sections of the configuration`)
  }
  return settings
}

async function databasesFor({ domains, databaseUrl }: RunOptions): Promise<Map<string, string>> {
  const databases = new Map<string, string>()
  if (databaseUrl === undefined) return databases
  for (const domain of domains) databases.set(domain, await createDatabase(databaseUrl, databaseName(domain)))
  return databases
}

/** Only what looks like a world is removed: `--data` may have been meant for something else. */
async function clear({ databaseUrl, domains }: RunOptions, layout: WorldLayout): Promise<void> {
  const entries = (await readdir(layout.directory)).filter((name) => name !== basename(layout.controlSocket))
  if (entries.length > 0 && !entries.includes(basename(layout.stateFile))) {
    throw new Error(
      `${layout.directory} is not empty and holds no world; --fresh does not remove what it does not know`,
    )
  }
  for (const name of entries) await rm(join(layout.directory, name), { recursive: true })
  if (databaseUrl === undefined) return
  for (const domain of domains) await dropDatabase(databaseUrl, databaseName(domain))
}

async function announce(of: { options: RunOptions; network: Network; seeded: Seeded }): Promise<void> {
  if (of.options.readyFile === undefined) return
  const content = `${JSON.stringify(readyFile(of.network, of.seeded), undefined, 2)}\n`
  await replaceFile(resolve(of.options.readyFile), content, 0o600)
}

async function wayOfTheFirstMessage(network: Network, { message }: Seeded): Promise<string> {
  const logs = network.backends.flatMap(({ domain, processes }) => processes.map((process) => ({ domain, process })))
  const hops = logs.map(async ({ domain, process }) => hopsIn(await readLog(process), domain, message.requestId))
  return hopReport(message, (await Promise.all(hops)).flat())
}

async function tellDeath({
  ended,
  ending,
  say,
}: {
  ended: ManagedProcess
  ending: Ending
  say: (line: string) => void
}) {
  const [domain] = ended.name.split(' ')
  say(`\n${ended.name} (process ${ended.pid}) ended ${describeEnding(ending)}. Its log ${ended.logFile} ends with:`)
  say(await lastLines(ended, 5))
  say(`It is not started again by itself: npm run comity -- world start ${domain}`)
}

const dataOption = ({ dataDirectory }: RunOptions): string =>
  resolve(dataDirectory) === resolve(DEFAULT_DATA_DIRECTORY) ? '' : ` --data ${dataDirectory}`

export const DEFAULT_DATA_DIRECTORY = 'var/dev'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`
