/** A brig on a database of its own, for tests: called by its contract, with everything that it tells others at hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Kysely, sql } from 'kysely'
import { brigClient } from '#src/contract/client/brig.ts'
import { brigFederation } from '#src/contract/federation/brig.ts'
import { ClientId, Domain, TeamId, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { courierInternal } from '#src/contract/internal/courier.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import type { TeamRole } from '#src/contract/teams.ts'
import type { CallInputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import { call } from '#src/kit/http/client.ts'
import { type Fake, fake } from '#src/kit/http/fake.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { jsonResponse, type Route, type Transport, type WireResponse } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemClock, type TestClock, testClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import { Bundle, LOCAL_LANE } from '#src/queue/letters.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { type Caller, callerHeaders } from '#src/rpc/context.ts'
import { asDeclared } from '#src/rpc/declared-answers.ts'
import { FEDERATION_PATTERN } from '#src/rpc/federation-server.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import { remoteBackends } from '#src/rpc/remote-backends.ts'
import { type Database, openDatabase } from '#src/storage/database.ts'
import { type BrigConfig, brigMigrations, startBrig } from './brig.ts'
import { TRANSITION_PAUSE_MS } from './limits.ts'

export const CODE = '123456'
export const PASSWORD = 'correct horse'

export interface Letter {
  readonly target: string
  readonly endpoint: string
  readonly body: Record<string, unknown>
}

export interface RemoteLetter {
  readonly domain: string
  readonly rpc: string
  readonly body: unknown
}

export interface TestBrig extends AsyncDisposable {
  readonly domain: Domain
  readonly routes: readonly Route[]
  readonly transport: Transport
  readonly clock: TestClock
  readonly courier: Fake
  readonly database: Database
  /** What was queued for our own parts since the last time, oldest first. */
  told(): Promise<Letter[]>
  /** Of those the events, each with the users it is for. */
  events(): Promise<{ readonly users: string[]; readonly event: PushedEvent }[]>
  /** What was queued for other backends since the last time, oldest first. */
  sent(): Promise<RemoteLetter[]>
  /** The same brig once more, as after a restart. */
  restarted(): Promise<Transport>
  /** Runs SQL, for states that no request leads to. */
  alter(text: string): Promise<void>
  /** Reads what no request tells. */
  query(text: string): Promise<Record<string, unknown>[]>
}

export interface TestBrigOptions {
  readonly domain?: string
  readonly config?: Partial<Omit<BrigConfig, 'domain'>>
  readonly network?: Network
  readonly connectionsMax?: number
  /** Configured without federation. */
  readonly isAlone?: boolean
  /** To use instead of an embedded one of its own. */
  readonly database?: Database
}

export interface NetworkCall {
  readonly from: string
  readonly to: string
  readonly rpc: string
}

/** Several brigs that reach each other; one that is cut off answers nobody. */
export interface Network {
  readonly members: Map<string, Transport>
  readonly cutOff: Set<string>
  /** Called before a request arrives, to let something happen at the worst moment. */
  onCall: (call: NetworkCall) => Promise<void>
  /** Brings a request there and the answer back; may do so late, twice or in vain. */
  carry: (call: NetworkCall, deliver: () => Promise<WireResponse>) => Promise<WireResponse>
  /** What a side does that another one has put off, before it tries again. For real: the clock of tests stands still. */
  pause: (attempt: number) => Promise<void>
}

export const newNetwork = (): Network => ({
  members: new Map(),
  cutOff: new Set(),
  onCall: async () => {},
  carry: async (_, deliver) => deliver(),
  pause: (attempt) => systemClock.sleep(systemRandom.unit() * attempt * TRANSITION_PAUSE_MS),
})

const OPEN: BrigConfig['federation'] = { strategy: 'allowAll', remotes: [] }

export const startTestBrig = async (options: TestBrigOptions = {}): Promise<TestBrig> => {
  const domain = Domain.parse(options.domain ?? 'a.example')
  await using stack = new AsyncDisposableStack()
  const database = options.database ?? (await openOwn(stack))
  const clock = testClock()
  const courier = fake(courierInternal, {
    'flush-queue': async () => ({ outcome: 'flushed', body: { delivered: true } }),
  })
  const galley = fake(galleyInternal, { 'forget-clients': async () => ({ outcome: 'forgotten', body: {} }) })
  const { network = newNetwork(), connectionsMax, isAlone = false, config } = options
  const federator = isAlone ? undefined : federatorOf(domain, network)
  const start = () =>
    startBrig({
      config: {
        domain,
        federation: OPEN,
        accounts: { registration: 'open', guests: true },
        development: { headlessCode: CODE, insecureCookies: false },
        ...config,
      },
      database,
      courier,
      galley,
      clock,
      pause: (attempt) => network.pause(attempt),
      ...(connectionsMax !== undefined && { connectionsMax }),
      remotes: remoteBackends({ ownDomain: domain, federator, clock }),
      random: systemRandom,
      log: nullLog,
    })
  const brig = stack.use(await start())
  const transport = inMemory(brig.routes)
  network.members.set(domain, asDeclared(transport, brigFederation))
  const db = await database.schema<unknown>('brig', brigMigrations, outboxMigrations)
  const owned = stack.move()
  const told = () => takeLetters(db)
  return {
    domain,
    routes: brig.routes,
    transport,
    clock,
    courier,
    database,
    told,
    events: async () => (await told()).flatMap(eventsOf),
    sent: () => takeRemoteLetters(db),
    restarted: async () => inMemory((await start()).routes),
    alter: async (text) => {
      await sql.raw(text).execute(db)
    },
    query: async (text) => (await sql.raw<Record<string, unknown>>(text).execute(db)).rows,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const openOwn = async (stack: AsyncDisposableStack): Promise<Database> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'comity-brig-'))
  stack.defer(() => rm(folder, { recursive: true }))
  return stack.use(await openDatabase({ dataDirectory: folder, log: nullLog }))
}

const takeLetters = async (db: Kysely<unknown>): Promise<Letter[]> => {
  const { rows } = await sql<{ id: string; letter: string }>`
    delete from brig.outbox where lane = ${LOCAL_LANE} returning id, letter`.execute(db)
  return rows.toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ letter }) => JSON.parse(letter) as Letter)
}

const takeRemoteLetters = async (db: Kysely<unknown>): Promise<RemoteLetter[]> => {
  const { rows } = await sql<{ id: string; lane: string; letter: string }>`
    delete from brig.outbox where lane <> ${LOCAL_LANE} returning id, lane, letter`.execute(db)
  return rows
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .flatMap(({ lane, letter }) => {
      const { notifications } = Bundle.parse(JSON.parse(letter))
      return notifications.map(({ path, body }) => ({ domain: lane, rpc: path, body: JSON.parse(body) as unknown }))
    })
}

/** Carries what one brig has queued to the others, as the courier does; also what that leads to. */
export const deliver = async (from: TestBrig, ...to: readonly TestBrig[]): Promise<void> => {
  for (const { domain, rpc, body } of await from.sent()) {
    const peer = to.find((brig) => brig.domain === domain)
    if (!peer) continue
    const headers = { 'x-wire-api-version': '3' }
    const answer = await carry(peer.transport, {
      own: from.domain,
      rpc,
      headers,
      body: Buffer.from(JSON.stringify(body)),
    })
    if (answer.status !== 200) throw new Error(`${domain} answered ${rpc} with ${answer.status}`)
  }
}

interface PushBody {
  readonly pushes: readonly {
    readonly recipients: readonly { readonly user: string }[]
    readonly payload: PushedEvent[]
  }[]
}

const eventsOf = ({ endpoint, body }: Letter) =>
  endpoint !== 'push'
    ? []
    : (body as unknown as PushBody).pushes.flatMap(({ recipients, payload }) =>
        payload.map((event) => ({ users: recipients.map(({ user }) => user), event })),
      )

/** Carries a call to the other brig as its federator would: with the origin that a certificate vouched for. */
const federatorOf = (own: Domain, network: Network): FederatorTransport => ({
  send: async ({ domain, rpc, headers, body }) => {
    await network.onCall({ from: own, to: domain, rpc })
    const peer = network.members.get(domain)
    const response = !peer
      ? jsonResponse(422, { code: 422, label: 'invalid-domain', message: 'no SRV record' })
      : network.cutOff.has(domain)
        ? jsonResponse(521, { code: 521, label: 'federation-connection-refused', message: 'refused' })
        : await network.carry({ from: own, to: domain, rpc }, () => carry(peer, { own, rpc, headers, body }))
    const { status, body: answer } = response
    return { status, headers: response.headers, body: answer instanceof Uint8Array ? once(answer) : answer }
  },
})

interface Delivery {
  readonly own: Domain
  readonly rpc: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const carry = async (peer: Transport, { own, rpc, headers, body }: Delivery): Promise<WireResponse> =>
  peer.send({
    method: 'POST',
    pattern: FEDERATION_PATTERN,
    params: { rpc },
    query: {},
    headers: { ...headers, 'wire-origin-domain': own },
    body,
  })

const once = async function* (bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

type Client = typeof brigClient
type Internal = typeof brigInternal

export interface Person {
  readonly id: UserId
  readonly brig: TestBrig
  readonly email: string
  /** Value of the zuid cookie got at registration. */
  readonly cookie: string
  /** As the device that the token is bound to. */
  as(client: string): Person
  calls<N extends keyof Client>(name: N, input: CallInputOf<Client[N]>, version?: number): Promise<OutcomeOf<Client[N]>>
}

/** Without a caller, and with the response's headers, which matter here. */
export const callPublic = async (
  { transport }: TestBrig,
  request: {
    readonly method?: 'POST' | 'GET' | 'PUT'
    readonly path: string
    readonly query?: Record<string, string>
    readonly headers?: Record<string, string>
    readonly body?: unknown
  },
): Promise<{
  readonly status: number
  readonly headers: WireResponse['headers']
  readonly body: Record<string, unknown>
}> => {
  const { status, headers, body } = await transport.send({
    method: request.method ?? 'POST',
    pattern: request.path,
    params: {},
    query: request.query ?? {},
    headers: { 'x-comity-api-version': '8', ...request.headers },
    body: request.body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(request.body)),
  })
  const text = Buffer.from(body as Uint8Array).toString('utf8')
  return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
}

export const cookieOf = (headers: WireResponse['headers']): string => {
  const value = /^zuid=([^;]+)/.exec(String(headers['set-cookie']))?.[1]
  if (value === undefined) throw new Error('there is no cookie')
  return value
}

export const callInternal = <N extends keyof Internal>(
  { transport }: TestBrig,
  name: N,
  input: CallInputOf<Internal[N]>,
): Promise<OutcomeOf<Internal[N]>> => call(transport, brigInternal[name], input)

let people = 0

/** Registers somebody; `null` for an anonymous guest. */
export const registerPerson = async (brig: TestBrig, name = 'alice', email?: string | null): Promise<Person> => {
  people += 1
  const address = email === undefined ? `person${people}@${brig.domain}` : email
  const body = { name, password: PASSWORD, ...(address !== null && { email: address, email_code: CODE }) }
  const registered = await callPublic(brig, { path: '/register', body })
  if (registered.status !== 201) throw new Error(`registering failed: ${JSON.stringify(registered.body)}`)
  const id = UserId.parse(registered.body['id'])
  return personOf(brig, { id, email: address ?? '', cookie: cookieOf(registered.headers) })
}

/** Somebody who was registered otherwise. */
export const personIn = (
  brig: TestBrig,
  { id, email, cookie }: { readonly id: string; readonly email: string; readonly cookie: string },
): Person => personOf(brig, { id: UserId.parse(id), email, cookie })

const personOf = (
  brig: TestBrig,
  known: { readonly id: UserId; readonly email: string; readonly cookie: string },
  client?: ClientId,
): Person => {
  const caller: Caller = { user: known.id, client, connection: '7' }
  return {
    ...known,
    brig,
    as: (device) => personOf(brig, known, ClientId.parse(device)),
    calls: (name, input, version = 8) =>
      call(brig.transport, brigClient[name], input, {
        headers: { ...callerHeaders(caller), 'x-comity-api-version': String(version), 'request-id': 'test' },
      }),
  }
}

/** Any text that is Base64 and long enough serves as a prekey: nobody looks inside. */
export const prekey = (id: number, text = `prekey ${id} of some device`) => ({
  id,
  key: Buffer.from(text).toString('base64'),
})

export const newDevice = (seed: string, overrides: Record<string, unknown> = {}) => ({
  type: 'permanent' as const,
  class: 'desktop' as const,
  prekeys: [prekey(1, `${seed} first prekey`), prekey(2, `${seed} second prekey`)],
  lastkey: { id: 65_535 as const, key: prekey(0, `${seed} last resort key`).key },
  password: PASSWORD,
  ...overrides,
})

/** Somebody with a team of his own. */
export const foundTeam = async (brig: TestBrig, name = 'Team'): Promise<{ owner: Person; team: TeamId }> => {
  people += 1
  const email = `owner${people}@${brig.domain}`
  const body = { name: 'owner', email, email_code: CODE, password: PASSWORD, team: { name, icon: 'default' } }
  const registered = await callPublic(brig, { path: '/register', body })
  if (registered.status !== 201) throw new Error(`founding a team failed: ${JSON.stringify(registered.body)}`)
  const id = UserId.parse(registered.body['id'])
  const owner = personOf(brig, { id, email, cookie: cookieOf(registered.headers) })
  return { owner, team: TeamId.parse(registered.body['team']) }
}

/** Somebody new in a team. */
export const joinTeam = async (brig: TestBrig, team: TeamId, role: TeamRole = 'member'): Promise<Person> => {
  const person = await registerPerson(brig, role)
  const added = await callInternal(brig, 'add-team-member', { params: { team }, body: { user: person.id, role } })
  if (added.outcome !== 'added') throw new Error(`joining the team failed: ${added.outcome}`)
  return person
}
