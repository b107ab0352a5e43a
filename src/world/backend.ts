/** One backend of a world: its processes, started and stopped together on the same ports and data. */
import { join } from 'node:path'
import type { Role } from '#src/config.ts'
import type { Clock } from '#src/kit/clock.ts'
import { type BackendSetup, writeBackendConfig } from './backend-config.ts'
import type { BackendLayout } from './layout.ts'
import { type Ending, type ManagedProcess, type ProcessPlan, startProcess } from './managed-process.ts'
import type { BackendPorts } from './ports.ts'

export type IngressKind = 'builtin' | 'nginx'
/** Everything in one process, or every role in one of its own. */
export type Arrangement = 'together' | 'apart'

export interface BackendPlan extends BackendSetup {
  readonly ingress: IngressKind
  readonly roles: Arrangement
  /** For every process of ours, such as a profiler's switches. */
  readonly nodeArguments?: readonly string[]
  readonly clock: Clock
  /** A process ended that nobody had asked to. */
  readonly onDeath: (process: ManagedProcess, ending: Ending) => void
}

export class Backend {
  readonly layout: BackendLayout
  readonly ports: BackendPorts
  readonly #plan: BackendPlan
  #processes: readonly ManagedProcess[] = []

  constructor(plan: BackendPlan) {
    this.#plan = plan
    this.layout = plan.backend
    this.ports = plan.ports
  }

  get domain(): string {
    return this.layout.domain
  }

  /** The processes that were started last, dead ones included. */
  get processes(): readonly ManagedProcess[] {
    return this.#processes
  }

  /** As a whole: one that has lost a process is not. */
  get isRunning(): boolean {
    return this.#processes.length > 0 && this.#processes.every((process) => !process.hasEnded)
  }

  get clientApi(): string {
    return `http://127.0.0.1:${this.ports.gateway}`
  }

  /** Returns when every process says that it is ready; if one does not, the others are stopped again. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.domain} is running already`)
    // What is left of a backend that has lost a process holds ports that the new ones need.
    await this.stop()
    await writeBackendConfig(this.#plan)
    const starting = (await processPlans(this.#plan)).map((plan) => startProcess(plan, this.#plan.clock))
    const outcomes = await Promise.allSettled(starting)
    this.#processes = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) {
      await this.stop({ kill: true })
      throw failed.reason
    }
    for (const process of this.#processes) void this.#watch(process)
  }

  async stop(how: { kill?: boolean } = {}): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop(how)))
  }

  /** SIGKILL to the process of one role, where every role has its own. */
  async killRole(role: Role): Promise<void> {
    await this.#processOf(role).stop({ kill: true })
  }

  /** Starts again what was killed, on the same port and data. */
  async startRole(role: Role): Promise<void> {
    const dead = this.#processOf(role)
    const plan = (await processPlans(this.#plan)).find(({ name }) => name === dead.name)
    if (!plan) throw new Error(`${dead.name} cannot be started again`)
    const started = await startProcess(plan, this.#plan.clock)
    this.#processes = this.#processes.map((process) => (process === dead ? started : process))
    void this.#watch(started)
  }

  #processOf(role: Role): ManagedProcess {
    const found = this.#processes.find(({ name }) => name === `${this.domain} ${role}`)
    if (!found) throw new Error(`${this.domain} has no process of its own for ${role}`)
    return found
  }

  async #watch(process: ManagedProcess): Promise<void> {
    const ending = await process.ended
    if (ending.isUnexpected) this.#plan.onDeath(process, ending)
  }
}

const ROLES: readonly Role[] = ['ingress', 'federator', 'brig', 'galley', 'cargohold', 'gundeck', 'courier', 'gateway']
const MAIN = join(import.meta.dirname, '../main.ts')
const DIE_WITH_PARENT = join(import.meta.dirname, 'die-with-parent.ts')
const COMPILE_CACHE = join(import.meta.dirname, '../../.cache/compiled')

async function processPlans(plan: BackendPlan): Promise<ProcessPlan[]> {
  const ours = ROLES.filter((role) => role !== 'ingress' || plan.ingress === 'builtin')
  if (plan.roles === 'apart') {
    const apart = ours.map((role) => comityProcess(plan, { name: role, roles: [role] }))
    return [...apart, ...(await ingressProcesses(plan))]
  }
  return [comityProcess(plan, { name: 'comity', roles: ours }), ...(await ingressProcesses(plan))]
}

async function ingressProcesses(plan: BackendPlan): Promise<ProcessPlan[]> {
  if (plan.ingress === 'builtin') return []
  const { nginxProcess } = await import('./nginx.ts')
  return [await nginxProcess(plan)]
}

/** A world has many processes and little to do: a small nursery and lean code save 50 MB in each. */
const SMALL_HEAP = ['--max-semi-space-size=1', '--optimize-for-size']

function comityProcess(
  { backend, isMeasured = false, nodeArguments = [] }: BackendPlan,
  of: { name: string; roles: readonly Role[] },
): ProcessPlan {
  const serve = [MAIN, 'serve', '--config', backend.configFile]
  const some = of.roles.length < ROLES.length ? ['--role', of.roles.join(',')] : []
  return {
    name: `${backend.domain} ${of.name}`,
    command: process.execPath,
    args: [...(isMeasured ? [] : SMALL_HEAP), ...nodeArguments, '--import', DIE_WITH_PARENT, ...serve, ...some],
    logFile: backend.logFile(of.name),
    isReady: (log) => log.includes('"msg":"ready"'),
    // DATABASE_URL would win over the file, and all backends would share one database.
    env: nodeEnvironment({ DATABASE_URL: undefined }),
  }
}

/** Compiled sources are kept: starting takes half as long, and no process has to hold the compiler. */
export function nodeEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? COMPILE_CACHE, ...more }
}
