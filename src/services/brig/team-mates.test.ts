/** What members of a team hear and see of each other, and nobody else. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Handle } from '#src/contract/ids.ts'
import { foundTeam, joinTeam, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

let a: TestBrig
before(async () => {
  a = await startTestBrig()
})
after(() => a[Symbol.asyncDispose]())

test('USR-011: team mates are told of a changed profile, each once, but not of the language', async () => {
  const { owner, team } = await foundTeam(a)
  const [alice, stranger] = [await joinTeam(a, team), await registerPerson(a)]
  const other = await registerPerson(a)
  await alice.calls('request-connection', { params: { domain: a.domain, user: other.id } })
  await other.calls('update-connection', { params: { domain: a.domain, user: alice.id }, body: { status: 'accepted' } })
  await a.told()
  await alice.calls('update-self', { body: { accent_id: 5 } })
  await alice.calls('claim-handle', { body: { handle: 'alice.mate' } })
  await alice.calls('update-supported-protocols', { body: { supported_protocols: ['proteus', 'mls'] } })
  await alice.calls('update-locale', { body: { locale: 'fr' } })
  const told = (await a.events()).map(({ users }) => users.toSorted())
  const all = [alice.id, owner.id, other.id].toSorted()
  assert.deepEqual(told, [all, all, all, [alice.id]])
  assert.ok(!told.flat().includes(stranger.id))
})

test('what a team says about its members is for the team', async () => {
  const { owner, team } = await foundTeam(a)
  const [alice, stranger] = [await joinTeam(a, team), await registerPerson(a)]
  const ask = async (by: typeof alice, user: string) => by.calls('get-rich-info', { params: { user } })
  const nothing = { outcome: 'found', body: { version: 0, fields: [] } }
  assert.deepEqual(await ask(owner, alice.id), nothing)
  assert.deepEqual(await ask(stranger, stranger.id), nothing)
  assert.equal((await ask(stranger, alice.id)).outcome, 'insufficient-permissions')
  assert.equal((await ask(alice, stranger.id)).outcome, 'insufficient-permissions')
  assert.equal((await ask(alice, '00000000-0000-4000-8000-000000000000')).outcome, 'not-found')
})

test('old clients list users of their backend by id or by handle, not by both', async () => {
  const [alice, alex] = [await registerPerson(a), await registerPerson(a, 'Alex')]
  await alex.calls('claim-handle', { body: { handle: Handle.parse('alex.old') } })
  const list = async (query: { ids?: string; handles?: string }) => {
    const answer = await alice.calls('list-local-users', { query }, 1)
    return answer.body.map(({ id }) => id).toSorted()
  }
  const ids = [alice.id, alex.id].toSorted()
  assert.deepEqual(await list({ ids: `${ids.join()},00000000-0000-4000-8000-000000000000` }), ids)
  assert.deepEqual(await list({ handles: 'nobody.old,alex.old' }), [alex.id])
  for (const wrong of [{}, { ids: alice.id, handles: 'alex.old' }, { ids: 'x' }, { handles: 'a1,b1,c1,d1,e1' }]) {
    await assert.rejects(list(wrong), /answered 400/)
  }
})
