/** Two whole backends as an operator runs them, each on a PostgreSQL of its own that syncs, and people on both. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { Qualified } from '#src/world/app-client.ts'
import { worldLayout } from '#src/world/layout.ts'
import { lastLines } from '#src/world/managed-process.ts'
import { type Network, startNetwork } from '#src/world/network.ts'
import { Person } from '#src/world/person.ts'
import { choosePorts } from '#src/world/ports.ts'
import { type Postgres, startPostgres } from '#test/services/postgres.ts'

export const [ALPHA, BETA] = ['alpha.test', 'beta.test'] as const

export interface Pair {
  readonly sender: Person
  readonly reader: Person
  /** Owned by the sender's backend. */
  readonly conversation: Qualified
}

export interface Ground extends AsyncDisposable {
  readonly network: Network
  readonly databases: Readonly<Record<string, Postgres>>
  readonly urls: Readonly<Record<string, string>>
  /** New people, connected, with a conversation; nobody listens to their sockets yet. */
  pairs(count: number): Promise<Pair[]>
}

export const startGround = async (nodeArguments: readonly string[] = []): Promise<Ground> => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'comity-bench-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const domains = [ALPHA, BETA]
  const databases: Record<string, Postgres> = {}
  const urls: Record<string, string> = {}
  for (const domain of domains) {
    const postgres = stack.use(await startPostgres({ isDurable: true }))
    databases[domain] = postgres
    // By the local socket: a database beside its service is reached so.
    const url = new URL(await postgres.createDatabase('comity'))
    url.searchParams.set('host', postgres.socketDirectory)
    urls[domain] = url.href
  }
  const network = stack.use(
    await startNetwork({
      layout: worldLayout(directory),
      domains,
      ports: await choosePorts(domains),
      ingress: 'builtin',
      roles: 'together',
      databaseUrl: (domain) => urls[domain],
      isMeasured: true,
      nodeArguments,
      clock: systemClock,
      onDeath: (process) => void lastLines(process).then((lines) => console.error(`${process.name} died:\n${lines}`)),
    }),
  )
  const people = stack.use(new AsyncDisposableStack())
  let made = 0
  const pair = async (): Promise<Pair> => {
    made += 1
    const [sender, reader] = await Promise.all([
      register(network, `alice${made}`, ALPHA),
      register(network, `bob${made}`, BETA),
    ])
    people.use(sender)
    people.use(reader)
    await sender.connectWith(reader)
    const conversation = await sender.createConversation([reader])
    await Promise.all([sender.goOffline(), reader.goOffline()])
    return { sender, reader, conversation }
  }
  const owned = stack.move()
  return {
    network,
    databases,
    urls,
    pairs: async (count) => {
      const pairs: Pair[] = []
      while (pairs.length < count) {
        pairs.push(...(await Promise.all(Array.from({ length: Math.min(MADE_AT_ONCE, count - pairs.length) }, pair))))
      }
      return pairs
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const MADE_AT_ONCE = 4

const register = (network: Network, handle: string, domain: string): Promise<Person> =>
  Person.register(
    network.backend(domain).clientApi,
    { name: handle, handle, email: `${handle}@${domain}`, password: `${handle}-password` },
    systemRandom,
  )
