/**
 * The network of a test: whole backends in a temporary directory, people who are new in every story, and the means
 * to stop, kill and start what they talk to.
 */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { Arrangement, Backend, IngressKind } from './backend.ts'
import { worldLayout } from './layout.ts'
import { NETWORK_ATTEMPTS_MAX } from './limits.ts'
import { describeEnding, type Ending, lastLines, type ManagedProcess } from './managed-process.ts'
import { type Network, type NetworkPlan, NOBODY, type Played, PortsTaken, startNetwork } from './network.ts'
import { Person } from './person.ts'
import { choosePorts } from './ports.ts'

/** What the backends are made of. Whatever it opened for the network is closed with it. */
export interface Shape extends Partial<AsyncDisposable> {
  readonly ingress: IngressKind
  readonly roles: Arrangement
  /** A server in which each backend has its own database; without one the embedded database is used. */
  readonly createDatabase?: (name: string) => Promise<string>
  readonly startDns?: NetworkPlan['startDns']
  /** Sections of every backend's configuration. */
  readonly settings?: object
  /** As an operator runs it: see `BackendSetup`. */
  readonly isMeasured?: boolean
  readonly nodeArguments?: readonly string[]
}

/** The built-in ingress, the embedded database, our own DNS; one process per backend, so that it can be killed. */
export const EMBEDDED: Shape = { ingress: 'builtin', roles: 'together' }

type NameOf<Address extends string> = Address extends `${infer Name}@${string}` ? Name : never

export class TestNetwork implements AsyncDisposable {
  readonly network: Network
  readonly #shape: Shape
  readonly #people = new AsyncDisposableStack()
  #registered = 0

  private constructor(network: Network, shape: Shape) {
    this.network = network
    this.#shape = shape
  }

  static async start(
    domains: readonly string[],
    shape: Shape = EMBEDDED,
    played: Played = NOBODY,
  ): Promise<TestNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'comity-test-'))
    keepIfFailed(directory)
    try {
      return new TestNetwork(await startOnFreePorts(directory, { domains, played }, shape), shape)
    } catch (error) {
      await shape[Symbol.asyncDispose]?.()
      throw error
    }
  }

  backend(domain: string): Backend {
    return this.network.backend(domain)
  }

  async stop(domain: string): Promise<void> {
    await this.backend(domain).stop()
  }

  /** SIGKILL to every process of the backend. */
  async kill(domain: string): Promise<void> {
    await this.backend(domain).stop({ kill: true })
  }

  async start(domain: string): Promise<void> {
    await this.backend(domain).start()
  }

  /** Each has a new account with handle and device and is online; the parts of the address are only remembered. */
  async register(...addresses: readonly string[]): Promise<Person[]> {
    return Promise.all(addresses.map((address) => this.#register(address)))
  }

  /** The same, by name: `alice@alpha.test` is `alice`. They go offline when the cast is disposed of. */
  async people<const Address extends string>(
    ...addresses: readonly Address[]
  ): Promise<AsyncDisposable & Readonly<Record<NameOf<Address>, Person>>> {
    const people = await this.register(...addresses)
    const named = addresses.map((address, index) => [address.split('@')[0], people[index]])
    const leave = async (): Promise<void> => void (await Promise.all(people.map((person) => person.goOffline())))
    return Object.assign(Object.fromEntries(named), { [Symbol.asyncDispose]: leave })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#people[Symbol.asyncDispose]()
    await this.network[Symbol.asyncDispose]()
    await this.#shape[Symbol.asyncDispose]?.()
  }

  async #register(address: string): Promise<Person> {
    const [name, domain] = address.split('@')
    if (name === undefined || domain === undefined) throw new Error(`${address} is not like alice@alpha.test`)
    // New in every story, so that stories that share a network share nothing else.
    this.#registered += 1
    const handle = `${name}${this.#registered}`
    const account = { name, handle, email: `${handle}@${domain}`, password: `${handle}-password` }
    return this.#people.use(await Person.register(this.backend(domain).clientApi, account, systemRandom))
  }
}

async function startOnFreePorts(
  directory: string,
  { domains, played }: { readonly domains: readonly string[]; readonly played: Played },
  shape: Shape,
): Promise<Network> {
  const databases = await createDatabases(directory, domains, shape)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startNetwork({
        layout: worldLayout(directory),
        domains,
        played,
        ports: await choosePorts([...domains, ...played.known, ...played.strangers]),
        ingress: shape.ingress,
        roles: shape.roles,
        databaseUrl: (domain) => databases.get(domain),
        settings: shape.settings,
        ...(shape.isMeasured === true && { isMeasured: true }),
        ...(shape.nodeArguments && { nodeArguments: shape.nodeArguments }),
        ...(shape.startDns && { startDns: shape.startDns }),
        clock: systemClock,
        onDeath: (process, ending) => void reportDeath(process, ending),
      })
    } catch (error) {
      // Another test of this machine was faster; it holds its block now, so the next choice avoids it.
      if (!(error instanceof PortsTaken) || attempt === NETWORK_ATTEMPTS_MAX) throw error
    }
  }
}

async function createDatabases(
  directory: string,
  domains: readonly string[],
  { createDatabase }: Shape,
): Promise<Map<string, string>> {
  const databases = new Map<string, string>()
  if (!createDatabase) return databases
  // Named after the directory: several networks may share one server.
  const prefix = (directory.split('-').at(-1) ?? '').toLowerCase()
  for (const domain of domains) {
    databases.set(domain, await createDatabase(`${prefix}_${domain.replaceAll(/[.-]/g, '_')}`))
  }
  return databases
}

async function reportDeath(process: ManagedProcess, ending: Ending): Promise<void> {
  console.error(`${process.name} ended ${describeEnding(ending)}; its log ends with:\n${await lastLines(process)}`)
}

const directories = new Set<string>()

/** What is left of a failed test explains it; what is left of a good one is rubbish. */
function keepIfFailed(directory: string): void {
  if (directories.size === 0) process.once('exit', removeOrName)
  directories.add(directory)
}

function removeOrName(code: number): void {
  for (const directory of directories) {
    if (code === 0) rmSync(directory, { recursive: true, force: true })
    else console.error(`The logs and data of the test's backends are in ${directory}`)
  }
}
