import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Handle, UserId } from '#src/contract/ids.ts'
import { newNetwork, type Person, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const network = newNetwork()
const remotes = [
  { domain: 'a.example', search_policy: 'full_search', restriction: { tag: 'allow_all', value: null } },
] as never
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network, config: { federation: { strategy: 'allowAll', remotes } } })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const NOBODY = UserId.parse('00000000-0000-4000-8000-000000000000')
const nobodyAt = (domain: string) => ({ domain, id: NOBODY }) as never
const qualified = ({ id, brig }: Person) => ({ domain: brig.domain, id })
const claim = (person: Person, handle: string) => person.calls('claim-handle', { body: { handle } })

test('USR-011: what is changed of the profile is announced with the changed fields only, to the user and accepted contacts', async () => {
  const [alice, alex, anna] = [await registerPerson(a), await registerPerson(a), await registerPerson(a)]
  await alice.calls('request-connection', { params: { domain: a.domain, user: alex.id } })
  await alex.calls('update-connection', { params: { domain: a.domain, user: alice.id }, body: { status: 'accepted' } })
  await alice.calls('request-connection', { params: { domain: a.domain, user: anna.id } })
  await a.told()

  const updated = await alice.calls('update-self', { body: { name: 'New', accent_id: 3, text_status: null } })
  assert.equal(updated.outcome, 'updated')
  assert.deepEqual(await a.events(), [
    {
      users: [alice.id, alex.id],
      event: { type: 'user.update', user: { id: alice.id, name: 'New', accent_id: 3, sso_id_deleted: false } },
    },
  ])

  await alice.calls('update-locale', { body: { locale: 'de' } })
  assert.deepEqual(await a.events(), [
    {
      users: [alice.id],
      event: { type: 'user.update', user: { id: alice.id, locale: 'de', sso_id_deleted: false } },
    },
  ])
  const self = await alice.calls('get-self', {})
  assert.ok(self.outcome === 'found')
  assert.deepEqual([self.body.name, self.body.locale], ['New', 'de'])
  assert.deepEqual((await alice.calls('get-own-name', {})).outcome === 'found', true)
})

test('changing nothing announces nothing', async () => {
  const alice = await registerPerson(a)
  await a.told()
  await alice.calls('update-self', { body: {} })
  assert.deepEqual(await a.events(), [])
})

test('USR-007 USR-008: a handle is taken once, freed when its owner takes another, and announced', async () => {
  const [alice, alex] = [await registerPerson(a), await registerPerson(a)]
  await a.told()
  assert.equal((await claim(alice, 'alice42')).outcome, 'claimed')
  assert.equal((await a.events())[0]?.event.type, 'user.update')
  assert.equal((await claim(alice, 'alice42')).outcome, 'claimed')
  assert.deepEqual(await a.events(), [])
  assert.equal((await claim(alex, 'alice42')).outcome, 'handle-exists')
  assert.equal((await claim(alice, 'alice43')).outcome, 'claimed')
  assert.equal((await claim(alex, 'alice42')).outcome, 'claimed')

  const check = async (handle: string) => (await alice.calls('check-handle', { params: { handle } })).outcome
  assert.deepEqual(
    [await check('alice43'), await check('free1'), await check('Ca$h')],
    ['taken', 'free', 'invalid-handle'],
  )
  for (const handle of ['ca$h', 'w', 'Capital', 'wire', 'x'.repeat(257)]) {
    assert.equal((await claim(alice, handle)).outcome, 'invalid-handle', handle)
  }
})

test('USR-018: a guest can have no handle and cannot search', async () => {
  const guest = await registerPerson(a, 'guest', null)
  assert.equal((await claim(guest, 'guest')).outcome, 'no-identity')
  assert.equal((await guest.calls('search-contacts', { query: { q: 'a' } })).outcome, 'insufficient-permissions')
})

test('USR-007: free handles are found in the order asked, one unless more are wanted', async () => {
  const alice = await registerPerson(a)
  await claim(alice, 'busy')
  const find = async (body: { handles: string[]; return?: number }) => {
    const answer = await alice.calls('find-free-handles', { body })
    return answer.outcome === 'found' ? answer.body : []
  }
  assert.deepEqual(await find({ handles: ['busy', 'not ok', 'free.b', 'free.a'] }), ['free.b'])
  assert.deepEqual(await find({ handles: ['free.b', 'free.a', 'free.b'], return: 5 }), ['free.b', 'free.a'])
})

test('USR-001: a profile is the same for users here and elsewhere, and never shows the address', async () => {
  const bob = await registerPerson(b, 'Bob')
  await claim(bob, 'bob')
  const alice = await registerPerson(a)
  const params = { domain: b.domain, user: bob.id }
  const near = await bob.calls('get-user', { params })
  const far = await alice.calls('get-user', { params })
  assert.deepEqual(far, near)
  assert.ok(far.outcome === 'found')
  assert.equal(far.body.name, 'Bob')
  assert.equal(far.body.handle, 'bob')
  assert.equal('email' in far.body, false)
  assert.equal(far.body.legalhold_status, 'no_consent')

  assert.equal((await alice.calls('get-user', { params: { ...params, user: NOBODY } })).outcome, 'not-found')
  assert.equal((await alice.calls('get-user', { params: { user: alice.id } })).outcome, 'found')
  const protocols = await alice.calls('get-supported-protocols', { params })
  assert.deepEqual(protocols.outcome === 'found' && protocols.body, ['proteus'])
})

test('USR-002: a list of users of several backends names those it could not ask, and forgets those who do not exist', async () => {
  const [alice, alex, bob] = [await registerPerson(a), await registerPerson(a), await registerPerson(b)]
  const ids = [qualified(alex), qualified(bob), nobodyAt('a.example'), nobodyAt('down.example')]
  const listed = await alice.calls('list-users', { body: { qualified_ids: ids } })
  assert.ok(listed.outcome === 'listed')
  assert.deepEqual(new Set(listed.body.found.map(({ id }) => id)), new Set([alex.id, bob.id]))
  assert.deepEqual(listed.body.failed, [nobodyAt('down.example')])

  const complete = await alice.calls('list-users', { body: { qualified_ids: [qualified(bob)] } })
  assert.equal(complete.outcome === 'listed' && 'failed' in complete.body, false)
  const bare = await alice.calls('list-users', { body: { qualified_ids: ids } }, 3)
  assert.equal(bare.outcome === 'listed-bare' && bare.body.length, 2)
})

test('USR-006: users are listed by handle too', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  await claim(bob, 'bob.listed')
  const handles = [
    { domain: b.domain, handle: Handle.parse('bob.listed') },
    { domain: 'down.example' as never, handle: Handle.parse('bob.listed') },
    { domain: b.domain, handle: Handle.parse('nobody') },
  ]
  const listed = await alice.calls('list-users', { body: { qualified_handles: handles } })
  assert.deepEqual(listed.outcome === 'listed' && listed.body.found.map(({ id }) => id), [bob.id])
})

test('an unreachable backend is an error where only it was asked', async () => {
  const alice = await registerPerson(a)
  await assert.rejects(
    alice.calls('get-user', { params: { domain: 'down.example', user: NOBODY } }),
    /answered 422: .*"label":"invalid-domain".*"domain":"down.example","path":"\/federation\/api-version"/,
  )
})

test('USR-006: who has a handle is found here and there, as far as the policy there goes', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  await claim(bob, 'bob.handle')
  await claim(alice, 'alice.handle')
  const find = (person: Person, domain: string, handle: string) =>
    person.calls('get-user-by-handle', { params: { domain, handle } })
  const found = await find(alice, 'b.example', 'bob.handle')
  assert.equal(found.outcome === 'found' && found.body.id, bob.id)
  assert.equal((await find(alice, 'b.example', 'nobody.here')).outcome, 'not-found')
  // a.example lists no remotes, and unlisted backends may not look anybody up.
  assert.equal((await find(bob, 'a.example', 'alice.handle')).outcome, 'not-found')
  assert.equal((await find(alice, 'a.example', 'alice.handle')).outcome, 'found')

  const resolved = await bob.calls('resolve-handle', { params: { handle: 'bob.handle' } })
  assert.deepEqual(resolved.outcome === 'found' && resolved.body, { user: bob.id, qualified_user: qualified(bob) })
})

const search = async (person: Person, query: { q: string; domain?: string; size?: number }) => {
  const answer = await person.calls('search-contacts', { query })
  assert.ok(answer.outcome === 'found')
  return { ...answer.body, names: answer.body.documents.map(({ name }) => name) }
}

test('USR-017: a search here finds the exact handle first and once, then names and handles that begin so, never oneself', async () => {
  const seeker = await registerPerson(a, 'Zed Seeker')
  const [handled, named] = [await registerPerson(a, 'Xaver'), await registerPerson(a, 'Zedalia')]
  await claim(handled, 'zed')
  await claim(named, 'zed.alia')
  await registerPerson(a, 'Zed Guest', null)
  assert.deepEqual((await search(seeker, { q: '@ZED' })).names, ['Xaver', 'Zedalia'])
  assert.deepEqual((await search(seeker, { q: 'zed', size: 1 })).names, ['Xaver'])
  assert.deepEqual((await search(seeker, { q: 'zed.a' })).names, ['Zedalia'])
  assert.deepEqual((await search(seeker, { q: '' })).names, [])
  assert.deepEqual((await search(seeker, { q: '%' })).names, [])
  assert.deepEqual((await search(seeker, { q: '_ed' })).names, [])
})

test('USR-013 USR-014: a search elsewhere brings back what that backend lets us see', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b, 'Bobby Tables')]
  await claim(bob, 'bob77')
  await a.alter(`insert into brig.remotes values ('b.example', 'exact_handle_search', 'allow_all')`)
  const byHandle = await search(alice, { q: 'bob77', domain: 'b.example' })
  assert.deepEqual(byHandle.documents, [
    { id: bob.id, qualified_id: qualified(bob), name: 'Bobby Tables', handle: 'bob77', accent_id: 0, team: null },
  ])
  assert.deepEqual([byHandle.found, byHandle.returned, byHandle.search_policy], [1, 1, 'full_search'])
  assert.deepEqual((await search(alice, { q: 'bobby', domain: 'b.example' })).names, ['Bobby Tables'])

  // The answering side decides: a.example lets b.example find by handle only.
  await claim(alice, 'alice77')
  const backwards = await search(bob, { q: 'alice77', domain: 'a.example' })
  assert.deepEqual([backwards.search_policy, backwards.names], ['exact_handle_search', ['alice']])
  assert.deepEqual((await search(bob, { q: 'alice', domain: 'a.example' })).names, [])
})

test('settings of a client are kept as they are, within the limits, and announced', async () => {
  const alice = await registerPerson(a)
  const params = { key: 'webapp' }
  const value = { nested: [1, null, 'ä\u0000'] }
  await a.told()
  assert.equal((await alice.calls('get-property', { params })).outcome, 'not-set')
  assert.equal((await alice.calls('set-property', { params, body: value })).outcome, 'stored')
  const found = await alice.calls('get-property', { params })
  assert.deepEqual(found.outcome === 'found' && found.body, value)
  assert.deepEqual(await a.events(), [
    { users: [alice.id], event: { type: 'user.properties-set', key: 'webapp', value } },
  ])

  for (let number = 1; number < 16; number += 1) {
    await alice.calls('set-property', { params: { key: `key${number}` }, body: number })
  }
  assert.equal((await alice.calls('set-property', { params: { key: 'one more' }, body: 0 })).outcome, 'too-many')
  assert.equal((await alice.calls('set-property', { params, body: 'again' })).outcome, 'stored')
  assert.equal((await alice.calls('set-property', { params: { key: 'ü' }, body: 0 })).outcome, 'key-too-large')
  const large = 'x'.repeat(524_288)
  assert.equal((await alice.calls('set-property', { params, body: large })).outcome, 'value-too-large')

  const keys = await alice.calls('list-properties', {})
  assert.equal(keys.outcome === 'found' && keys.body.length, 16)
  await alice.calls('delete-property', { params })
  assert.equal((await alice.calls('get-property', { params })).outcome, 'not-set')
  await alice.calls('clear-properties', {})
  const all = await alice.calls('get-properties', {})
  assert.deepEqual(all.outcome === 'found' && all.body, {})
})

test('text that no database can hold is refused, not stumbled over', async () => {
  const alice = await registerPerson(a)
  const requests = [
    alice.calls('search-contacts', { query: { q: 'a\0' } }),
    alice.calls('get-property', { params: { key: 'a\0' } }),
    alice.calls('delete-property', { params: { key: '\ud800' } }),
    alice.calls('update-self', { body: { name: 'a\0' } }),
    alice.calls('set-property', { params: { key: 'webapp' }, body: undefined }),
  ]
  for (const request of requests) await assert.rejects(request, /answered 400/)
})

test('the token of an account that is gone is as good as none', async () => {
  const alice = await registerPerson(a)
  await a.alter(`delete from brig.users where id = '${alice.id}'`)
  await assert.rejects(alice.calls('get-self', {}), /answered 401/)
})

test('who deleted his account is still known to have been there', async () => {
  const [alice, gone] = [await registerPerson(a), await registerPerson(a, 'Gone')]
  await claim(gone, 'gone')
  await a.alter(`update brig.users set status = 'deleted' where id = '${gone.id}'`)
  const profile = await alice.calls('get-user', { params: { domain: a.domain, user: gone.id } })
  assert.ok(profile.outcome === 'found')
  assert.deepEqual([profile.body.deleted, profile.body.name, profile.body.handle], [true, 'default', undefined])
  assert.equal((await alice.calls('resolve-handle', { params: { handle: 'gone' } })).outcome, 'not-found')
  assert.deepEqual((await search(alice, { q: 'gone' })).names, [])
})

test('what every client reads before it starts is there', async () => {
  const alice = await registerPerson(a)
  const features = await alice.calls('get-feature-configs', {})
  assert.equal(features.outcome === 'found' && features.body['mls']?.status, 'disabled')
  assert.deepEqual(await alice.calls('list-teams', {}, 1), { outcome: 'found', body: { teams: [], has_more: false } })
  const settings = await alice.calls('get-system-settings', {})
  assert.deepEqual(settings.outcome === 'found' && settings.body, {
    setRestrictUserCreation: false,
    setEnableMls: false,
  })
  assert.equal((await alice.calls('has-password', {})).outcome, 'set')
})
