/**
 * A group of 2,000 members on 20 other backends: how long its owner takes to make it, to write to it and to change it,
 * and how much it has to tell. The other backends and the rest of this one are played; the database is real.
 */
import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { ClientId, type ConversationId, Domain, type QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import { A, person, startTestGalley, type TestGalley } from '#src/services/galley/testing.ts'
import { willing } from '#src/services/galley/testing-groups.ts'
import { embeddedDatabases, serverDatabases } from '#src/storage/testing.ts'
import type { Figure } from './figures.ts'

const BACKENDS = 20
const MEMBERS = 2_000
const DEVICE = ClientId.parse('1')

export const measureGroup = async (say: (progress: string) => void): Promise<{ readonly figures: Figure[] }> => {
  const server = process.env['COMITY_TEST_DATABASE_URL']
  const databases = server === undefined ? embeddedDatabases : () => serverDatabases(server)
  say(`on ${server === undefined ? 'the embedded database' : 'PostgreSQL'}`)
  await using galley = await startTestGalley(databases, { membersMax: MEMBERS })
  const { alice, members, late } = meet(galley)
  const figures: Figure[] = []
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    galley.backends.calls.length = 0
    const began = performance.now()
    const done = await work()
    figures.push({ name: `${what}, time`, value: performance.now() - began, unit: 'ms' })
    figures.push({ name: `${what}, calls to other backends`, value: galley.backends.calls.length, unit: '1' })
    const { letters } = await galley.queued()
    figures.push({ name: `${what}, letters to other backends`, value: letters.length, unit: '1' })
    return done
  }
  const conversation = await step(`a group of ${MEMBERS - 1} made`, () => create(galley, alice, members))
  await step('one message to all', () => send(galley, { alice, members, conversation }))
  await step('one member added', () => add(galley, { alice, late, conversation }))
  await step('renamed', () => rename(galley, { alice, conversation }))
  return { figures }
}

/** Everybody is connected with alice and has one device. */
const meet = (galley: TestGalley) => {
  const alice = person()
  galley.parts.registers(alice, { clients: [DEVICE] })
  const domains = Array.from({ length: BACKENDS }, (_, index) => Domain.parse(`b${index}.example`))
  const perBackend = Math.floor((MEMBERS - 2) / BACKENDS)
  const members = domains.flatMap((domain) => Array.from({ length: perBackend }, () => person(domain)))
  const [first] = domains
  const late = person(first)
  for (const user of [...members, late]) galley.parts.connects(alice, user)
  for (const domain of domains) galley.backends.plays(domain, { rpcs: { ...willing().rpcs, ...answering } })
  return { alice, members, late }
}

const answering = {
  'get-user-clients': ({ users }: { users: string[] }) =>
    Object.fromEntries(users.map((user) => [user, [{ id: DEVICE }]])),
}

const create = async (
  galley: TestGalley,
  alice: QualifiedUserId,
  members: readonly QualifiedUserId[],
): Promise<ConversationId> => {
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [...members] } })
  assert.ok(made.outcome === 'created', made.outcome)
  return made.body.id
}

interface Group {
  readonly alice: QualifiedUserId
  readonly conversation: ConversationId
}

const send = async (
  galley: TestGalley,
  { alice, members, conversation }: Group & { readonly members: readonly QualifiedUserId[] },
): Promise<void> => {
  const text = Buffer.alloc(200, 7)
  const byDomain = Map.groupBy(members, ({ domain }) => domain)
  const recipients = new Map(
    Array.from(byDomain, ([domain, users]) => [
      domain,
      new Map(users.map(({ id }) => [id, new Map([[DEVICE, text]])])),
    ]),
  )
  const sent = await galley.as(
    alice,
    'post-message',
    {
      params: { domain: A, conversation },
      body: encodeProteusMessage({
        sender: DEVICE,
        recipients,
        nativePush: true,
        blob: new Uint8Array(),
        priority: undefined,
        transient: false,
        strategy: { kind: 'report-all' },
      }),
    },
    { headers: { 'content-type': 'application/x-protobuf' } },
  )
  assert.equal(sent.outcome, 'sent')
}

const add = async (
  galley: TestGalley,
  { alice, late, conversation }: Group & { readonly late: QualifiedUserId },
): Promise<void> => {
  const params = { domain: A, conversation }
  const added = await galley.as(alice, 'add-members', { params, body: { qualified_users: [late] } })
  assert.equal(added.outcome, 'event')
}

const rename = async (galley: TestGalley, { alice, conversation }: Group): Promise<void> => {
  const params = { domain: A, conversation }
  const renamed = await galley.as(alice, 'rename-conversation', { params, body: { name: 'larger than life' } })
  assert.equal(renamed.outcome, 'event')
}
