/** For tests: a galley at a.example on a real database, among services and other backends that the test plays. */
import { type Kysely, sql } from 'kysely'
import { galleyClient } from '#src/contract/client/galley.ts'
import { ClientId, Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { galleyInternal, type OneToOneAlignment } from '#src/contract/internal/galley.ts'
import { Push } from '#src/contract/internal/gundeck.ts'
import { type TestClock, testClock } from '#src/kit/clock.ts'
import type { CallInputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import { call } from '#src/kit/http/client.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { readAll, type Transport } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { seededRandom } from '#src/kit/random.ts'
import { Bundle, LOCAL_LANE, LocalLetter } from '#src/queue/letters.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import type { Database } from '#src/storage/database.ts'
import { embeddedDatabases, type TestDatabases } from '#src/storage/testing.ts'
import { type Galley, galleyMigrations, type GalleyOptions, startGalley } from './galley.ts'
import { type PlayedBackends, playBackends } from './testing-backends.ts'
import { type PlayedParts, playParts } from './testing-parts.ts'

export const A = Domain.parse('a.example')
export const B = Domain.parse('b.example')
export const C = Domain.parse('c.example')

const random = seededRandom(7)

/** Somebody nobody has met before, so that tests do not meet in the database. */
export const person = (domain: Domain = A): QualifiedUserId => ({ domain, id: UserId.parse(random.uuid()) })

export const client = (id: string): ClientId => ClientId.parse(id)

type ClientCall = keyof typeof galleyClient

export interface TestGalley extends AsyncDisposable {
  readonly clock: TestClock
  readonly parts: PlayedParts
  readonly backends: PlayedBackends
  readonly database: Pick<Database, 'listen'>
  readonly db: Kysely<unknown>
  readonly transport: Transport
  as<K extends ClientCall>(
    user: QualifiedUserId,
    name: K,
    input: CallInputOf<(typeof galleyClient)[K]>,
    options?: TestOptions,
  ): Promise<OutcomeOf<(typeof galleyClient)[K]>>
  /** Another backend calls; its status and decoded answer. */
  from(origin: Domain, rpc: string, body: unknown, context?: FromContext): Promise<{ status: number; body: unknown }>
  align(alignment: OneToOneAlignment): Promise<void>
  /** What was queued since the last call, and out of the queue with it. */
  queued(): Promise<Queued>
  restart(): Promise<void>
}

export interface TestOptions {
  readonly version?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface FromContext {
  readonly requestId?: string
  readonly version?: number
}

export interface Queued {
  /** For other backends, in order. */
  readonly letters: readonly { readonly domain: string; readonly entries: Bundle['notifications'] }[]
  /** For users of ours, in order, flattened: one entry per recipient. */
  readonly told: readonly Told[]
}

export interface Told {
  readonly user: UserId
  readonly clients: readonly ClientId[]
  readonly event: Readonly<Record<string, unknown>>
  readonly push: Push
}

const NO_LINKS_OF_THEIR_OWN = { enabled: true, perHost: [] }

const ORDINARY: Conversations = {
  membersMax: 500,
  federatedProtocols: ['proteus', 'mixed', 'mls'],
  guestLinks: NO_LINKS_OF_THEIR_OWN,
}

type Conversations = GalleyOptions['config']['conversations']

export const startTestGalley = async (
  databases: () => Promise<TestDatabases> = embeddedDatabases,
  special: Partial<Conversations> = {},
): Promise<TestGalley> => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await stack.use(await databases()).open())
  const clock = testClock()
  const parts = playParts()
  const backends = playBackends()
  const db = await database.schema<unknown>('galley', galleyMigrations, outboxMigrations)
  const begin = (): Promise<Galley> =>
    startGalley({
      config: { domain: A, conversations: { ...ORDINARY, ...special } },
      database,
      brig: parts.brig,
      gundeck: parts.gundeck,
      courier: parts.courier,
      remotes: backends.remotes,
      clock,
      random,
      log: nullLog,
    })
  let galley = await begin()
  stack.defer(() => galley[Symbol.asyncDispose]())
  const transport: Transport = { send: (request) => inMemory(galley.routes).send(request) }
  const owned = stack.move()
  return {
    clock,
    parts,
    backends,
    database,
    db,
    transport,
    as: (user, name, input, { version = 8, headers = {} } = {}) =>
      call(transport, galleyClient[name], input, {
        headers: {
          ...callerHeaders({ user: user.id, client: undefined, connection: '7' }),
          'x-comity-api-version': String(version),
          'request-id': random.uuid(),
          ...headers,
        },
      }),
    from: (origin, rpc, body, context = {}) => callFrom(transport, { origin, rpc, body, context }),
    align: async (alignment) => {
      await call(transport, galleyInternal['connect-one2one'], { body: alignment })
    },
    queued: () => takeQueued(db),
    restart: async () => {
      await galley[Symbol.asyncDispose]()
      galley = await begin()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface From {
  readonly origin: Domain
  readonly rpc: string
  readonly body: unknown
  readonly context: FromContext
}

const callFrom = async (transport: Transport, { origin, rpc, body, context }: From) => {
  const response = await transport.send({
    method: 'POST',
    pattern: '/federation/{rpc}',
    params: { rpc },
    query: {},
    headers: {
      'wire-origin-domain': origin,
      'x-wire-api-version': String(context.version ?? 2),
      'request-id': context.requestId ?? random.uuid(),
    },
    body: Buffer.from(JSON.stringify(body)),
  })
  const text = Buffer.from(await readAll(response.body)).toString('utf8')
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
}

const takeQueued = async (db: Kysely<unknown>): Promise<Queued> => {
  const { rows } = await sql<{ lane: string; letter: string }>`
    with gone as (delete from galley.outbox returning *) select lane, letter from gone order by id`.execute(db)
  const local = rows.filter(({ lane }) => lane === LOCAL_LANE)
  return {
    letters: rows
      .filter(({ lane }) => lane !== LOCAL_LANE)
      .map(({ lane, letter }) => ({ domain: lane, entries: Bundle.parse(JSON.parse(letter)).notifications })),
    told: local.flatMap(({ letter }) => toldBy(LocalLetter.parse(JSON.parse(letter)).body)),
  }
}

export const toldBy = (body: unknown): Told[] =>
  Push.array()
    .parse((body as { pushes: unknown }).pushes)
    .flatMap((push) =>
      push.recipients.flatMap(({ user, clients, payload }) =>
        (payload ?? push.payload).map((event) => ({ user, clients, event, push })),
      ),
    )
