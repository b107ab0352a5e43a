/** Profiles of many users of many backends, each of which is played by a counter. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { jsonResponse, type Transport } from '#src/kit/http/wire.ts'
import { newNetwork, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const BACKENDS = 10
const USERS_EACH = 50
const DOMAINS = Array.from({ length: BACKENDS }, (_, number) => Domain.parse(`r${number}.example`))

const network = newNetwork()
const calls: { to: string; rpc: string }[] = []
let a: TestBrig
before(async () => {
  a = await startTestBrig({ network })
  for (const domain of DOMAINS) network.members.set(domain, playing(domain))
  network.onCall = async ({ to, rpc }) => void calls.push({ to, rpc })
})
after(() => a[Symbol.asyncDispose]())

const playing = (domain: Domain): Transport => ({
  send: async ({ params, body }) =>
    params['rpc'] === 'api-version'
      ? jsonResponse(200, { supported: [0, 1], supported_versions: [0, 1, 2, 3] })
      : jsonResponse(
          200,
          (JSON.parse(Buffer.from(body).toString('utf8')) as UserId[]).map((id) => profileOf({ domain, id })),
        ),
})

const profileOf = (qualified_id: QualifiedUserId) => ({
  qualified_id,
  id: qualified_id.id,
  name: 'somebody',
  accent_id: 0,
  legalhold_status: 'no_consent',
})

const everybody: QualifiedUserId[] = DOMAINS.flatMap((domain, backend) =>
  Array.from({ length: USERS_EACH }, (_, number) => ({
    domain,
    id: UserId.parse(`00000000-0000-4000-8000-${String(backend * 1_000 + number).padStart(12, '0')}`),
  })),
)

const textOf = ({ domain, id }: QualifiedUserId): string => `${id}@${domain}`
const callsFor = (rpc: string) => calls.filter((made) => made.rpc === rpc)

test('USR-002: 500 users of 10 backends are 10 calls, one to each', async () => {
  const alice = await registerPerson(a)
  // Asked in turns, so that the users of a backend do not stand together.
  const mixed = everybody.toSorted((one, other) => (one.id.slice(-2) < other.id.slice(-2) ? -1 : 1))
  const listed = await alice.calls('list-users', { body: { qualified_ids: mixed } })
  assert.ok(listed.outcome === 'listed')
  assert.deepEqual(
    listed.body.found.map((user) => textOf(user.qualified_id)).toSorted(),
    everybody.map(textOf).toSorted(),
  )
  assert.equal('failed' in listed.body, false)
  assert.deepEqual(
    callsFor('get-users-by-ids')
      .map(({ to }) => to)
      .toSorted(),
    [...DOMAINS],
  )
  assert.equal(callsFor('api-version').length, BACKENDS)
})

test('USR-002: of ten backends two are gone, and the users of the eight are found', async () => {
  const alice = await registerPerson(a)
  const gone = DOMAINS.slice(0, 2)
  for (const domain of gone) network.cutOff.add(domain)
  const listed = await alice.calls('list-users', { body: { qualified_ids: everybody } })
  for (const domain of gone) network.cutOff.delete(domain)
  assert.ok(listed.outcome === 'listed')
  assert.equal(listed.body.found.length, (BACKENDS - 2) * USERS_EACH)
  assert.deepEqual(
    listed.body.failed?.map(textOf).toSorted(),
    everybody
      .filter(({ domain }) => gone.includes(domain))
      .map(textOf)
      .toSorted(),
  )
})
