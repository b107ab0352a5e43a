import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newNetwork, type Person, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const update = (person: Person, protocols: readonly string[]) =>
  person.calls('update-supported-protocols', { body: { supported_protocols: protocols as never } })

const protocolsOf = async (seen: Person, by: Person) => {
  const answer = await by.calls('get-supported-protocols', { params: { domain: seen.brig.domain, user: seen.id } })
  return answer.outcome === 'found' ? answer.body : answer.outcome
}

test('USR-012: protocols begin with proteus, mls comes and never goes, and everybody sees it', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  assert.deepEqual(await protocolsOf(alice, alice), ['proteus'])
  await a.told()

  assert.equal((await update(alice, ['proteus', 'mls'])).outcome, 'updated')
  const user = { id: alice.id, supported_protocols: ['proteus', 'mls'], sso_id_deleted: false }
  assert.deepEqual(await a.events(), [{ users: [alice.id], event: { type: 'user.update', user } }])
  assert.deepEqual(await protocolsOf(alice, bob), ['proteus', 'mls'])

  assert.equal((await update(alice, ['proteus'])).outcome, 'mls-cannot-be-removed')
  await assert.rejects(update(alice, ['mixed']), /answered 400: .*"label":"bad-request"/)
  assert.deepEqual(await protocolsOf(alice, bob), ['proteus', 'mls'])
  assert.deepEqual(await a.events(), [])
})

test('USR-012: the same protocols again, in another order, are no news', async () => {
  const alice = await registerPerson(a)
  await update(alice, ['mls', 'proteus'])
  await a.told()
  assert.equal((await update(alice, ['proteus', 'mls', 'mls'])).outcome, 'updated')
  assert.deepEqual(await a.events(), [])
})

test('USR-012: a user of whom nothing is known has no protocols', async () => {
  const alice = await registerPerson(a)
  const params = { domain: b.domain, user: '00000000-0000-4000-8000-000000000000' }
  assert.equal((await alice.calls('get-supported-protocols', { params })).outcome, 'not-found')
})
