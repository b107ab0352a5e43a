import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Domain, Handle, UserId } from '#src/contract/ids.ts'
import { registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const ELSEWHERE = { domain: Domain.parse('b.example'), id: UserId.parse('00000000-0000-4000-8000-000000000000') }

let a: TestBrig
before(async () => {
  a = await startTestBrig({ isAlone: true, config: { federation: undefined } })
})
after(() => a[Symbol.asyncDispose]())

test('USR-024: without federation whoever is asked for elsewhere is refused by name', async () => {
  const alice = await registerPerson(a)
  const { domain, id: user } = ELSEWHERE
  const requests = [
    alice.calls('get-user', { params: { domain, user } }),
    alice.calls('get-user-by-handle', { params: { domain, handle: 'bob77' } }),
    alice.calls('get-supported-protocols', { params: { domain, user } }),
    alice.calls('search-contacts', { query: { q: 'bob', domain } }),
  ]
  for (const request of requests) await assert.rejects(request, /answered 400: .*"label":"federation-not-enabled"/)
})

test('USR-024: without federation requests for the own backend go on working, alone or among others', async () => {
  const [alice, alex] = [await registerPerson(a), await registerPerson(a, 'Alex')]
  const handle = Handle.parse('alex.alone')
  await alex.calls('claim-handle', { body: { handle } })
  const { domain } = a
  const byHandle = await alice.calls('get-user-by-handle', { params: { domain, handle } })
  const byId = await alice.calls('get-user', { params: { domain, user: alex.id } })
  assert.ok(byHandle.outcome === 'found' && byId.outcome === 'found')
  assert.deepEqual(byHandle.body, byId.body)
  const found = await alice.calls('search-contacts', { query: { q: handle } })
  assert.deepEqual(found.outcome === 'found' && found.body.documents.map(({ id }) => id), [alex.id])

  const listed = await alice.calls('list-users', { body: { qualified_ids: [{ domain, id: alex.id }, ELSEWHERE] } })
  assert.ok(listed.outcome === 'listed')
  assert.deepEqual(
    listed.body.found.map(({ id }) => id),
    [alex.id],
  )
  assert.deepEqual(listed.body.failed, [ELSEWHERE])
})
