/** Our backend, with something of everything in it, that others call; nothing drains its queues. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { galleyClient } from '#src/contract/client/galley.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import type { ClientId, Domain } from '#src/contract/ids.ts'
import { courierInternal } from '#src/contract/internal/courier.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Rpc } from '#src/kit/endpoint.ts'
import { call } from '#src/kit/http/client.ts'
import { fake } from '#src/kit/http/fake.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { readAll, type Transport } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import { type RemoteBackends, remoteBackends } from '#src/rpc/remote-backends.ts'
import { newNetwork, type Person, registerPerson, startTestBrig, type TestBrig } from '#src/services/brig/testing.ts'
import { addMlsDevice, several } from '#src/services/brig/testing-key-packages.ts'
import { galleyMigrations, startGalley } from '#src/services/galley/galley.ts'
import { startAssetsBeside } from './assets.ts'
import { A, B, C, type Cast, castOf, HANDLE_OF_ALICE, REMOTE, SECRET_NAME, SHARED_NAME, THEIRS } from './cast.ts'
import { type Creation, creation } from './creation.ts'
import { federatorTo, playPeers } from './peers.ts'
import { type Change, changesBetween, rememberedIn, type TableState } from './table-state.ts'

export interface Answered {
  readonly status: number
  readonly text: string
  readonly changes: readonly Change[]
}

export interface CalledBackend extends AsyncDisposable {
  readonly cast: Cast
  /** What one call answers and changes; afterwards everything is as before. */
  attempt(origin: Domain, entry: NamedRpc, payload: unknown): Promise<Answered>
}

export type NamedRpc = Rpc & { readonly name: string; readonly service: string }

export const startCalledBackend = async (): Promise<CalledBackend> => {
  await using stack = new AsyncDisposableStack()
  const peers = playPeers()
  const network = newNetwork()
  for (const [domain, peer] of peers) network.members.set(domain, peer)
  const brig = stack.use(await startTestBrig({ domain: A, network }))
  const gundeck = fake(gundeckInternal, { push: async () => ({ outcome: 'done', body: {} }) })
  const remotes = remoteBackends({ ownDomain: A, federator: federatorTo(peers), clock: brig.clock })
  const galley = stack.use(await startGalleyBeside(brig, gundeck, remotes))
  const assets = stack.use(await startAssetsBeside(brig, remotes))
  const services: Readonly<Record<string, Transport>> = {
    brig: brig.transport,
    galley: inMemory(galley.routes),
    cargohold: inMemory(assets.routes),
  }
  const ask = (origin: Domain, entry: NamedRpc, payload: unknown) => callAs(services, { origin, entry, payload })
  const cast = await populate(brig, services)
  await assets.populate(cast.alice)

  const db = await brig.database.schema<unknown>('galley', galleyMigrations, outboxMigrations)
  for (const service of ['brig', 'galley']) await sql`delete from ${sql.table(`${service}.outbox`)}`.execute(db)
  // What these two promise is remembered.
  for (const domain of [A, B]) await sql`insert into galley.device_generations (domain) values (${domain})`.execute(db)
  const remembered = await rememberedIn(db, ['brig', 'galley', 'cargohold'], NOTED_ONLY)
  let before: TableState = await remembered.read()
  const owned = stack.move()
  return {
    cast,
    attempt: async (origin, entry, payload) => {
      const toldBefore = gundeck.calls.length
      const answered = await ask(origin, entry, payload)
      const stored = changesBetween(before, await remembered.read())
      const told = gundeck.calls.slice(toldBefore).map(({ input }) => toldAs(input))
      if (stored.length > 0) await remembered.undo(stored)
      const after = await remembered.read()
      if (changesBetween(before, after).length > 0) throw new Error(`${entry.name} could not be taken back`)
      before = after
      return { ...answered, changes: [...stored, ...told] }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** That a notification was heard, and who asks for devices, is noted under its sender, whatever is in it. */
const NOTED_ONLY = ['galley.heard', 'brig.device_watchers']

const toldAs = (input: unknown): Change => ({ table: 'gundeck', row: JSON.stringify(input), kind: 'added' })

const startGalleyBeside = (brig: TestBrig, gundeck: Transport, remotes: RemoteBackends) =>
  startGalley({
    config: {
      domain: A,
      conversations: {
        membersMax: 500,
        federatedProtocols: ['proteus', 'mixed', 'mls'],
        guestLinks: { enabled: true, perHost: [] },
      },
    },
    database: brig.database,
    brig: brig.transport,
    gundeck,
    courier: fake(courierInternal, {
      'flush-queue': async () => ({ outcome: 'flushed', body: { delivered: true } }),
    }),
    remotes,
    clock: brig.clock,
    random: systemRandom,
    log: nullLog,
  })

interface Asked {
  readonly origin: Domain
  readonly entry: NamedRpc
  readonly payload: unknown
}

const callAs = async (services: Readonly<Record<string, Transport>>, { origin, entry, payload }: Asked) => {
  const service = services[entry.service]
  if (!service) throw new Error(`nobody here answers for ${entry.service}`)
  const { from = 0, until } = entry.versions ?? {}
  const response = await service.send({
    method: 'POST',
    pattern: '/federation/{rpc}',
    params: { rpc: entry.name },
    query: {},
    headers: {
      'wire-origin-domain': origin,
      'x-wire-api-version': String(Math.max(from, (until ?? 4) - 1)),
      'request-id': randomUUID(),
    },
    body: Buffer.from(JSON.stringify(payload)),
  })
  return { status: response.status, text: Buffer.from(await readAll(response.body)).toString('utf8') }
}

/** Connections first: nobody is put into a conversation without. */
const populate = async (brig: TestBrig, services: Readonly<Record<string, Transport>>): Promise<Cast> => {
  const [alice, alex] = [await registerPerson(brig, 'Alice'), await registerPerson(brig, 'Alex')]
  await alice.calls('claim-handle', { body: { handle: HANDLE_OF_ALICE } })
  const devices = [await addMlsDevice(alice, 'mls'), await addMlsDevice(alex, 'mls')]
  for (const device of devices) await device.upload(await several(device, 2))
  for (const [person, domain, user] of [
    [alice, B, REMOTE.bob],
    [alice, C, REMOTE.carla],
    [alex, C, REMOTE.carla],
    [alice, A, alex.id],
    [alex, A, alice.id],
  ] as const) {
    await person.calls('request-connection', { params: { domain, user } })
  }
  const create = createAs(services['galley'])
  const shared = await create(alice, SHARED_NAME, [{ domain: B, id: REMOTE.bob }])
  const secret = await create(alice, SECRET_NAME, [
    { domain: A, id: alex.id },
    { domain: C, id: REMOTE.carla },
  ])
  const members = [alice.id, alex.id]
  await tellOf(services, { origin: B, by: REMOTE.bob, conversation: THEIRS.ofB, members: [alice.id] })
  await tellOf(services, { origin: C, by: REMOTE.carla, conversation: THEIRS.ofC, members })
  const [ofAlice, ofAlex] = devices.map(({ id }) => id) as [ClientId, ClientId]
  return castOf({ alice: alice.id, alex: alex.id, ofAlice, ofAlex, shared, secret })
}

interface Told extends Creation {
  readonly origin: Domain
}

/** Another backend made a conversation with users of ours. */
const tellOf = async (services: Readonly<Record<string, Transport>>, told: Told): Promise<void> => {
  const entry = galleyFederation['on-conversation-created']
  const answered = await callAs(services, { origin: told.origin, entry, payload: creation(told) })
  if (answered.status !== 200) throw new Error(`on-conversation-created: ${answered.text}`)
}

const createAs =
  (galley: Transport | undefined) =>
  async (person: Person, name: string, users: readonly { domain: Domain; id: string }[]) => {
    if (!galley) throw new Error('there is no galley')
    const headers = {
      ...callerHeaders({ user: person.id, client: undefined, connection: '1' }),
      'x-comity-api-version': '8',
    }
    const body = { name, qualified_users: [...users] }
    const created = await call(galley, galleyClient['create-conversation'], { body }, { headers })
    if (created.outcome !== 'created') throw new Error(`no conversation: ${JSON.stringify(created)}`)
    return created.body.id
  }
