/** What people of one backend find on another, under the policies of both. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { brigFederation, type SearchRequest } from '#src/contract/federation/brig.ts'
import { type Domain, Handle, type TeamId } from '#src/contract/ids.ts'
import type { RemoteConfig } from '#src/contract/internal/remotes.ts'
import { testClock } from '#src/kit/clock.ts'
import { FEDERATION_PATTERN } from '#src/rpc/federation-server.ts'
import { remoteBackends } from '#src/rpc/remote-backends.ts'
import {
  callInternal,
  foundTeam,
  joinTeam,
  newNetwork,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'

const network = newNetwork()
const federation = { strategy: 'allowDynamic', remotes: [] } as const
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network, config: { federation } })
  b = await startTestBrig({ domain: 'b.example', network, config: { federation } })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const search = async (person: Person, query: { q: string; domain?: string; size?: number }) => {
  const answer = await person.calls('search-contacts', { query: { domain: 'b.example', ...query } })
  assert.ok(answer.outcome === 'found')
  return { ...answer.body, names: answer.body.documents.map(({ name }) => name) }
}

const claim = (person: Person, handle: string) =>
  person.calls('claim-handle', { body: { handle: Handle.parse(handle) } })
const rename = (person: Person, name: string) => person.calls('update-self', { body: { name } })

/** What `at` has on its list about the other one. */
const setRemote = async (at: TestBrig, remote: RemoteConfig): Promise<void> => {
  const { domain } = remote
  await at.alter(`delete from brig.remote_teams where domain = '${domain}'`)
  await at.alter(`delete from brig.remotes where domain = '${domain}'`)
  assert.equal((await callInternal(at, 'add-remote', { body: remote })).outcome, 'done')
}

const open = (domain: Domain, search_policy: RemoteConfig['search_policy'] = 'full_search'): RemoteConfig => ({
  domain,
  search_policy,
  restriction: { tag: 'allow_all', value: null },
})

const onlyFor = (domain: Domain, ...value: TeamId[]): RemoteConfig => ({
  domain,
  search_policy: 'full_search',
  restriction: { tag: 'restrict_by_team', value },
})

/** As a.example may ask, whatever it has on its list. */
const ask = (request: Partial<SearchRequest>) => {
  const federator = {
    send: async ({
      rpc,
      headers,
      body,
    }: {
      rpc: string
      headers: Readonly<Record<string, string>>
      body: Uint8Array
    }) => {
      const sent = { ...headers, 'wire-origin-domain': 'a.example' }
      const wire = {
        method: 'POST',
        pattern: FEDERATION_PATTERN,
        params: { rpc },
        query: {},
        headers: sent,
        body,
      } as const
      const response = await b.transport.send(wire)
      const answer = response.body as Uint8Array
      return {
        ...response,
        body: (async function* () {
          yield answer
        })(),
      }
    },
  }
  const remotes = remoteBackends({ ownDomain: a.domain, federator, clock: testClock() })
  const input = { term: '', from: null, onlyInTeams: null, types: null, ...request }
  return remotes.call(b.domain, brigFederation['search-users'], input, { requestId: 'test' })
}

test('USR-014: what is found elsewhere follows the policy there, and the answer names it', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b, 'Bobby Tables')]
  await claim(bob, 'bob77')
  await setRemote(a, open(b.domain))
  const findings = async () => {
    const [byHandle, byName] = [await search(alice, { q: 'bob77' }), await search(alice, { q: 'Bobby' })]
    return [byHandle.search_policy, byHandle.names, byName.search_policy, byName.names]
  }
  const found = ['Bobby Tables']
  const table = [
    ['no_search', [], []],
    ['exact_handle_search', found, []],
    ['full_search', found, found],
  ] as const
  assert.deepEqual(await findings(), ['no_search', [], 'no_search', []], 'not listed at all')
  for (const [policy, byHandle, byName] of table) {
    await setRemote(b, open(a.domain, policy))
    assert.deepEqual(await findings(), [policy, byHandle, policy, byName])
  }
})

test('USR-013: a hit by handle comes once, with every field that clients read', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b, 'Bobbery')]
  await claim(bob, 'bobbery')
  await setRemote(b, open(a.domain))
  const { names: _, ...result } = await search(alice, { q: 'Bobbery' })
  assert.deepEqual(result, {
    documents: [
      {
        id: bob.id,
        qualified_id: { domain: b.domain, id: bob.id },
        name: 'Bobbery',
        handle: 'bobbery',
        accent_id: 0,
        team: null,
      },
    ],
    found: 1,
    returned: 1,
    took: 0,
    search_policy: 'full_search',
  })
})

test('USR-014: members of teams are found by name if their team wants it, by handle always', async () => {
  const { team } = await foundTeam(b)
  const bob = await joinTeam(b, team)
  await rename(bob, 'Bobcat')
  await claim(bob, 'bob.cat')
  const alice = await registerPerson(a)
  await setRemote(a, open(b.domain))
  await setRemote(b, open(a.domain))
  assert.deepEqual((await search(alice, { q: 'bob.cat' })).names, ['Bobcat'])
  assert.deepEqual((await search(alice, { q: 'bobcat' })).names, [])
  const body = { status: 'enabled' } as const
  await callInternal(b, 'set-search-visibility-inbound', { params: { team }, body })
  assert.deepEqual((await search(alice, { q: 'bobcat' })).names, ['Bobcat'])
})

test('USR-015: a restriction to teams on either side must hold the other one’s team', async () => {
  const [teamA, teamB] = [await foundTeam(a), await foundTeam(b)]
  const [alice, bob] = [await joinTeam(a, teamA.team), await joinTeam(b, teamB.team)]
  const [teamless, bert] = [await registerPerson(a), await registerPerson(b, 'Bert')]
  await rename(bob, 'Bobolink')
  await claim(bob, 'bobolink')
  await claim(bert, 'bert.teamless')
  const names = async (person: Person, q = 'bobolink') => (await search(person, { q })).names

  await setRemote(a, onlyFor(b.domain, teamB.team))
  await setRemote(b, onlyFor(a.domain, teamA.team))
  assert.deepEqual(await names(alice), ['Bobolink'])
  await setRemote(a, onlyFor(b.domain))
  assert.deepEqual(await names(alice), [])
  await setRemote(a, onlyFor(b.domain, teamB.team))
  await setRemote(b, onlyFor(a.domain))
  assert.deepEqual(await names(alice), [])
  await setRemote(b, onlyFor(a.domain, teamA.team))
  assert.deepEqual(await names(teamless), [])
  assert.deepEqual(await names(alice, 'bert.teamless'), [])
  assert.deepEqual(await names(alice), ['Bobolink'])
})

test('USR-015: by name only those of the allowed teams who let strangers find them', async () => {
  const [shown, hidden] = [await foundTeam(b), await foundTeam(b)]
  for (const { team } of [shown, hidden]) await rename(await joinTeam(b, team), 'Beatrix')
  await registerPerson(b, 'Beatrix')
  const params = { team: shown.team }
  await callInternal(b, 'set-search-visibility-inbound', { params, body: { status: 'enabled' } })
  await setRemote(b, open(a.domain))
  const teamsFound = async (onlyInTeams: TeamId[] | null) =>
    (await ask({ term: 'beat', onlyInTeams })).contacts.map(({ team }) => team)
  assert.deepEqual(await teamsFound([shown.team, hidden.team]), [shown.team])
  assert.deepEqual(await teamsFound([hidden.team]), [])
  assert.deepEqual(await teamsFound([]), [])
  assert.deepEqual(new Set(await teamsFound(null)), new Set([null, shown.team]))
})

test('USR-021: a hidden user is found from elsewhere neither by handle nor by name', async () => {
  const { team } = await foundTeam(b)
  const bob = await joinTeam(b, team)
  await claim(bob, 'bob.hidden')
  await setRemote(b, open(a.domain))
  assert.equal((await ask({ term: 'bob.hidden' })).contacts.length, 1)
  await b.alter(`update brig.users set is_searchable = false where id = '${bob.id}'`)
  assert.deepEqual((await ask({ term: 'bob.hidden' })).contacts, [])
  await setRemote(b, open(a.domain, 'exact_handle_search'))
  assert.deepEqual((await ask({ term: 'bob.hidden' })).contacts, [])
})

test('a search for other types than regular users finds nobody, one for no type everybody', async () => {
  await registerPerson(b, 'Typical')
  await setRemote(b, open(a.domain))
  const count = async (types: SearchRequest['types']) => (await ask({ term: 'typical', types })).contacts.length
  assert.deepEqual([await count(['app']), await count(['app', 'regular']), await count([])], [0, 1, 1])
})

test('USR-023: a search elsewhere brings at most 15 people, whatever is asked for', async () => {
  const alice = await registerPerson(a)
  for (let number = 0; number < 20; number += 1) await registerPerson(b, `Zed ${number}`)
  await setRemote(a, open(b.domain))
  await setRemote(b, open(a.domain))
  const found = await search(alice, { q: 'Zed', size: 100 })
  assert.deepEqual([found.names.length, found.found, found.returned], [15, 15, 15])
  assert.equal((await search(alice, { q: 'Zed', size: 3 })).names.length, 3)
})
