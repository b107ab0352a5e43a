/** Stories about finding people, their profiles and handles, here and on other backends. Run in every shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppHttp } from '#src/world/app-http.ts'
import type { Person } from '#src/world/person.ts'
import type { TestNetwork } from '#src/world/test-network.ts'
import { labelOf } from './chat.ts'
import type { Telling } from './telling.ts'

const NOBODY = '11111111-1111-4111-8111-111111111111'

export const peopleStories = (telling: Telling): void => {
  profiles(telling)
  handles(telling)
  searches(telling)
  teams(telling)
}

type Body = Record<string, unknown>

const get = async ({ app }: Person, path: string, query: Record<string, string | number> = {}) => {
  const { status, body } = await app.http.send({ method: 'GET', path, query })
  return { status, body: body as Body }
}

const put = async ({ app }: Person, path: string, body: object) => {
  const answered = await app.http.send({ method: 'PUT', path, body })
  return { status: answered.status, label: labelOf(answered.body) }
}

const list = async ({ app }: Person, body: object): Promise<Body> => {
  const answered = await app.http.send({ method: 'POST', path: '/list-users', body })
  assert.equal(answered.status, 200)
  return answered.body as Body
}

const idsOf = (found: unknown): unknown[] => (found as Body[]).map(({ id }) => id)

/** What the person's device was told of this user's profile, until it is told of the last of these changes. */
const toldOf = (person: Person, { id }: { readonly id: string }, last: Body): Promise<Body[]> => {
  const [key = '', value] = Object.entries(last)[0] ?? []
  return person.findsStored(`the change of ${id} to ${JSON.stringify(last)}`, (events) => {
    const about = changesOf(events, id)
    return about.some((user) => JSON.stringify(user[key]) === JSON.stringify(value)) ? about : undefined
  })
}

const changesOf = (events: Person['inbox']['events'], id: string): Body[] =>
  events
    .flatMap((event) => (event.type === 'user.update' ? [event['user'] as Body] : []))
    .filter((user) => user['id'] === id)

const search = async (person: Person, q: string, domain = person.user.domain) => {
  const { status, body } = await get(person, '/search/contacts', { q, domain })
  assert.equal(status, 200)
  const documents = body['documents'] as Body[]
  return { policy: body['search_policy'], found: documents.map(({ id }) => id), documents }
}

const profiles = ({ people }: Telling): void => {
  test('USR-001: a profile looks the same from elsewhere, without the address, and nobody is not found', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const path = `/users/${bob.user.domain}/${bob.user.id}`
    const seen = await get(alice, path)
    assert.deepEqual(seen, {
      status: 200,
      body: {
        id: bob.user.id,
        qualified_id: bob.user,
        name: bob.account.name,
        handle: bob.account.handle,
        accent_id: 0,
        picture: [],
        assets: [],
        legalhold_status: 'no_consent',
        supported_protocols: ['proteus'],
        type: 'regular',
        searchable: true,
      },
    })
    assert.deepEqual(await get(bob, path), seen)
    const nobody = await get(alice, `/users/beta.test/${NOBODY}`)
    assert.deepEqual([nobody.status, labelOf(nobody.body)], [404, 'not-found'])
  })

  test('USR-002: profiles of three backends come together, and who does not exist is missing', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carla@gamma.test')
    const { alice, bob, carla } = cast
    const nobody = ['alpha.test', 'beta.test'].map((domain) => ({ domain, id: NOBODY }))
    const { found, ...rest } = await list(alice, { qualified_ids: [carla.user, ...nobody, alice.user, bob.user] })
    assert.deepEqual(new Set(idsOf(found)), new Set([alice.user.id, bob.user.id, carla.user.id]))
    assert.deepEqual(rest, {})
  })

  test('USR-011: contacts here are told what has changed, strangers nothing, and elsewhere it is seen', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'anna@alpha.test', 'bob@beta.test')
    const { alice, alex, anna, bob } = cast
    await alice.connectWith(alex)
    await alice.connectWith(bob)
    assert.equal((await put(alice, '/self', { name: 'New', accent_id: 3 })).status, 200)
    assert.equal((await put(alice, '/self/locale', { locale: 'de' })).status, 200)
    assert.equal((await put(alice, '/self', { accent_id: 4 })).status, 200)

    const { id } = alice.user
    const changes = [
      { id, name: 'New', accent_id: 3, sso_id_deleted: false },
      { id, accent_id: 4, sso_id_deleted: false },
    ]
    assert.deepEqual(await toldOf(alex, alice.user, { accent_id: 4 }), changes)
    const own = await toldOf(alice, alice.user, { accent_id: 4 })
    assert.deepEqual(
      own.filter((user) => 'locale' in user),
      [{ id, locale: 'de', sso_id_deleted: false }],
    )
    for (const other of [anna, bob]) {
      await other.catchUp()
      assert.deepEqual(changesOf(other.inbox.events, id), [])
    }
    const { body } = await get(bob, `/users/alpha.test/${id}`)
    assert.deepEqual([body['name'], body['accent_id']], ['New', 4])
  })

  test('USR-012: whoever says that he supports mls does so from then on, and everybody can see it', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const path = `/users/alpha.test/${alice.user.id}/supported-protocols`
    const set = (...supported_protocols: string[]) => put(alice, '/self/supported-protocols', { supported_protocols })
    assert.deepEqual((await get(alice, path)).body, ['proteus'])
    assert.equal((await set('proteus', 'mls')).status, 200)
    await toldOf(alice, alice.user, { supported_protocols: ['proteus', 'mls'] })
    assert.deepEqual((await get(bob, path)).body, ['proteus', 'mls'])
    assert.deepEqual(await set('proteus'), { status: 409, label: 'mls-protocol-error' })
    assert.deepEqual(await set('mixed'), { status: 400, label: 'bad-request' })
    assert.deepEqual((await get(bob, path)).body, ['proteus', 'mls'])
  })
}

const handles = ({ people }: Telling): void => {
  test('USR-006 USR-007: a handle leads to its owner from everywhere, until he takes another', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    const [first, second] = [`${alice.account.handle}.42`, `${alice.account.handle}.43`]
    const owner = async (handle: string) => (await get(bob, `/users/by-handle/alpha.test/${handle}`)).body['id']
    const claim = (person: Person, handle: string) => put(person, '/self/handle', { handle })
    const isTaken = async (handle: string) => {
      const { status } = await alex.app.http.send({ method: 'HEAD', path: `/handles/${handle}` })
      return status === 200 ? true : status === 404 ? false : status
    }
    assert.equal((await claim(alice, first)).status, 200)
    assert.equal((await claim(alice, first)).status, 200)
    assert.equal(await owner(first), alice.user.id)
    assert.deepEqual(await claim(alex, first), { status: 409, label: 'handle-exists' })
    assert.equal((await claim(alice, second)).status, 200)
    assert.deepEqual([await isTaken(first), await isTaken(second)], [false, true])
    const free = await get(bob, `/users/by-handle/alpha.test/${first}`)
    assert.deepEqual([free.status, labelOf(free.body)], [404, 'not-found'])
    assert.equal((await claim(alex, first)).status, 200)
    assert.deepEqual([await owner(first), await owner(second)], [alex.user.id, alice.user.id])
    await toldOf(alice, alice.user, { handle: second })
  })

  test('USR-008: of two who take a handle at the same time one gets it, and of bad ones nobody', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test')
    const both = [cast.alice, cast.alex]
    const handle = `${cast.alice.account.handle}.race`
    const claims = await Promise.all(both.map((person) => put(person, '/self/handle', { handle })))
    assert.deepEqual(new Set(claims.map(({ status }) => status)), new Set([200, 409]))
    for (const bad of ['ca$h', 'w', 'Capital', 'wire', 'x'.repeat(257)]) {
      assert.deepEqual(await put(cast.alice, '/self/handle', { handle: bad }), { status: 400, label: 'invalid-handle' })
    }
  })
}

const searches = ({ network, people }: Telling): void => {
  test('USR-013 USR-014: alice finds bob elsewhere by handle and by a word of his name, and is told how far', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await put(bob, '/self', { name: `Bobby Tables-${bob.account.handle}` })
    const byHandle = await search(alice, bob.account.handle, 'beta.test')
    assert.deepEqual(byHandle.documents, [
      {
        id: bob.user.id,
        qualified_id: bob.user,
        name: `Bobby Tables-${bob.account.handle}`,
        handle: bob.account.handle,
        accent_id: 0,
        team: null,
      },
    ])
    assert.equal(byHandle.policy, 'full_search')
    const byName = await search(alice, `tables ${bob.account.handle}`, 'beta.test')
    assert.deepEqual([byName.found, byName.policy], [[bob.user.id], 'full_search'])
  })

  test('USR-017: alex is found here by name, before others by his exact handle, and never by himself', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'anna@alpha.test')
    const { alice, alex, anna } = cast
    const { handle } = alex.account
    await put(anna, '/self', { name: `${handle} Ännchen` })
    assert.deepEqual((await search(alice, handle)).found, [alex.user.id, anna.user.id])
    assert.deepEqual((await search(alex, handle)).found, [anna.user.id])
    assert.deepEqual((await search(alice, `${handle} annch`)).found, [anna.user.id])
    assert.deepEqual((await search(alice, '')).found, [])
  })

  test('USR-018: a guest may not search', async () => {
    await using guest = new AppHttp(network().backend('alpha.test').clientApi)
    await guest.call({ method: 'POST', path: '/register', body: { name: 'guest' } })
    await guest.renewToken()
    const answered = await guest.send({ method: 'GET', path: '/search/contacts', query: { q: 'alice' } })
    assert.deepEqual([answered.status, labelOf(answered.body)], [403, 'insufficient-permissions'])
  })
}

const teams = ({ network, people }: Telling): void => {
  test('USR-019 USR-014: a member of a team is found by strangers by name when the team wants it', async () => {
    await using cast = await people('alice@alpha.test', 'tom@beta.test', 'nora@beta.test')
    const { alice, tom, nora } = cast
    const beta = await newTeam(network(), 'beta.test')
    await beta.add(tom)
    const name = `Thomas ${tom.account.handle}`
    await put(tom, '/self', { name })
    const findings = async (q: string) =>
      Promise.all([alice, nora].map(async (person) => (await search(person, q, 'beta.test')).found))
    assert.deepEqual(await findings(tom.account.handle), [[tom.user.id], [tom.user.id]])
    assert.deepEqual(await findings(name), [[], []])
    await beta.letStrangersFind()
    assert.deepEqual((await findings(name))[0], [tom.user.id])
  })

  test('USR-021: a hidden member is found by nobody anywhere, and keeps his handle', async () => {
    await using cast = await people('alice@alpha.test', 'tom@beta.test', 'mary@beta.test')
    const { alice, tom, mary } = cast
    const beta = await newTeam(network(), 'beta.test')
    await beta.add(tom)
    await beta.add(mary)
    const { handle } = tom.account
    const path = `/users/${tom.user.id}/searchable`
    assert.deepEqual(await put(mary, path, { set_searchable: false }), {
      status: 403,
      label: 'insufficient-permissions',
    })
    await beta.hide(tom)
    const found = await Promise.all(
      [alice, mary].map(async (person) => (await search(person, handle, 'beta.test')).found),
    )
    assert.deepEqual(found, [[], []])
    assert.equal((await mary.app.http.send({ method: 'HEAD', path: `/handles/${handle}` })).status, 200)
  })
}

/** With an owner who does nothing but what the operator or he must do for the story. */
const newTeam = async (network: TestNetwork, domain: string) => {
  const { clientApi, ports } = network.backend(domain)
  await using owner = new AppHttp(clientApi)
  const email = `owner-${process.hrtime.bigint()}@${domain}`
  const account = { name: 'owner', email, password: 'owner password', team: { name: 'Team', icon: 'default' } }
  const { body } = await owner.call({ method: 'POST', path: '/register', body: account })
  const { team } = body as { readonly team: string }
  const operate = async (method: string, path: string, sent: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const url = `http://127.0.0.1:${ports.brig}/i/teams/${team}${path}`
    const answered = await fetch(url, { method, headers, body: JSON.stringify(sent) })
    assert.ok(answered.ok, `${method} ${path} was answered ${answered.status}`)
  }
  return {
    add: ({ user }: Person) => operate('POST', '/members', { user: user.id }),
    letStrangersFind: () => operate('PUT', '/features/searchVisibilityInbound', { status: 'enabled' }),
    hide: async ({ user }: Person) => {
      await using again = new AppHttp(clientApi)
      await again.logIn(account)
      const sent = { set_searchable: false }
      await again.call({ method: 'PUT', path: `/users/${user.id}/searchable`, body: sent })
    },
  }
}
