import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ClientId, UserId } from '#src/contract/ids.ts'
import { newNetwork, type Person, prekey, registerPerson, startTestBrig, type TestBrig } from './testing.ts'
import { addDevice } from './testing-steps.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const UNKNOWN = ClientId.parse('dead')

const claimOne = async (asker: Person, params: { domain: string; user: UserId; client: ClientId }) => {
  const claimed = await asker.calls('claim-prekey', { params })
  return claimed.outcome === 'claimed' ? claimed.body.prekey.id : claimed.outcome
}

test('CLI-004: each prekey is given out once, to whoever asks from wherever, and the last resort for ever', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  const client = await addDevice(bob, 'bob keys')
  const params = { domain: b.domain, user: bob.id, client }
  const given = [
    await claimOne(alice, params),
    await claimOne(bob, params),
    await claimOne(alice, params),
    await claimOne(alice, params),
  ]
  assert.deepEqual(given, [1, 2, 65_535, 65_535])
  assert.equal(await claimOne(alice, { ...params, client: UNKNOWN }), 'not-found')
})

test('CLI-007: of a user one prekey of each device is claimed', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  const clients = [await addDevice(bob, 'bundle one'), await addDevice(bob, 'bundle two')]
  const params = { domain: b.domain, user: bob.id }
  for (const [asker, id] of [
    [alice, 1],
    [bob, 2],
  ] as const) {
    const bundle = await asker.calls('claim-prekeys-of-user', { params })
    assert.ok(bundle.outcome === 'claimed')
    assert.equal(bundle.body.user, bob.id)
    assert.deepEqual(
      new Map(bundle.body.clients.map(({ client, prekey: claimed }) => [client, claimed.id])),
      new Map(clients.map((client) => [client, id])),
    )
  }
  const nobody = { domain: a.domain, user: UserId.parse('00000000-0000-4000-8000-000000000000') }
  assert.equal((await alice.calls('claim-prekeys-of-user', { params: nobody })).outcome, 'not-found')
})

test('CLI-005: prekeys of many devices are claimed at once; unknown devices have none, unreachable users are named', async () => {
  const [alice, alex, bob] = [await registerPerson(a), await registerPerson(a), await registerPerson(b)]
  const [ofAlex, ofBob] = [await addDevice(alex, 'alex many'), await addDevice(bob, 'bob many')]
  const body = {
    'a.example': { [alex.id]: [ofAlex] },
    'b.example': { [bob.id]: [ofBob, UNKNOWN] },
    'down.example': { [bob.id]: [ofBob] },
  }
  const claimed = await alice.calls('claim-prekeys', { body })
  assert.ok(claimed.outcome === 'claimed')
  const keys = claimed.body.qualified_user_client_prekeys as Record<string, Record<string, Record<string, unknown>>>
  assert.deepEqual(keys['a.example']?.[alex.id]?.[ofAlex], prekey(1, 'alex many first prekey'))
  assert.deepEqual(keys['b.example']?.[bob.id], { [ofBob]: prekey(1, 'bob many first prekey'), [UNKNOWN]: null })
  assert.equal('down.example' in keys, false)
  assert.deepEqual(claimed.body.failed_to_list, [{ domain: 'down.example', id: bob.id }])

  const complete = await alice.calls('claim-prekeys', { body: { 'a.example': { [alex.id]: [ofAlex] } } })
  assert.equal(complete.outcome === 'claimed' && 'failed_to_list' in complete.body, false)
  const bare = await alice.calls('claim-prekeys', { body }, 3)
  assert.ok(bare.outcome === 'claimed-bare')
  assert.deepEqual(Object.keys(bare.body), ['a.example', 'b.example'])
})

test('CLI-005: no more than 500 users at once', async () => {
  const alice = await registerPerson(a)
  const user = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
  const users = Object.fromEntries(Array.from({ length: 501 }, (_, number) => [user(number), []]))
  const refused = await alice.calls('claim-prekeys', { body: { 'a.example': users } })
  assert.equal(refused.outcome, 'too-many-clients')
})
