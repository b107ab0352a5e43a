import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ClientId } from '#src/contract/ids.ts'
import { FEDERATION_PATTERN } from '#src/rpc/federation-server.ts'
import { newDevice, type Person, prekey, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const TEAM = '59f66843-6af1-48fb-8c05-1cf58c23566b'
const NOBODY = '00000000-0000-4000-8000-000000000000'
const listing = (domain: string, search_policy: string, teams?: string[]) => ({
  domain,
  search_policy,
  restriction: teams ? { tag: 'restrict_by_team', value: teams } : { tag: 'allow_all', value: null },
})
const remotes = [
  listing('full.example', 'full_search'),
  listing('exact.example', 'exact_handle_search'),
  listing('none.example', 'no_search'),
  listing('teams.example', 'full_search', [TEAM]),
] as never

let brig: TestBrig
let bob: Person
before(async () => {
  brig = await startTestBrig({ domain: 'b.example', config: { federation: { strategy: 'allowDynamic', remotes } } })
  bob = await registerPerson(brig, 'Bobby Tables')
  await bob.calls('claim-handle', { body: { handle: 'bob77' } })
})
after(() => brig[Symbol.asyncDispose]())

const from = async (origin: string, rpc: string, body: unknown, version = 3) => {
  const response = await brig.transport.send({
    method: 'POST',
    pattern: FEDERATION_PATTERN,
    params: { rpc },
    query: {},
    headers: { 'wire-origin-domain': origin, 'x-wire-api-version': String(version) },
    body: Buffer.from(JSON.stringify(body)),
  })
  const text = Buffer.from(response.body as Uint8Array).toString('utf8')
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}
const ask = async (origin: string, rpc: string, body: unknown, version?: number) => {
  const answer = await from(origin, rpc, body, version)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

test('every backend is told our versions', async () => {
  assert.deepEqual(await ask('any.example', 'api-version', []), {
    supported: [0, 1],
    supported_versions: [0, 1, 2, 3],
    comity_extensions: ['notification-batch', 'device-promises'],
  })
})

test('profiles are given out as they are, without address, and who does not exist is left out', async () => {
  const profiles = await ask('any.example', 'get-users-by-ids', [bob.id, NOBODY])
  assert.deepEqual(profiles, [
    {
      qualified_id: { domain: 'b.example', id: bob.id },
      id: bob.id,
      name: 'Bobby Tables',
      picture: [],
      assets: [],
      accent_id: 0,
      legalhold_status: 'no_consent',
      supported_protocols: ['proteus'],
      type: 'regular',
      searchable: true,
      handle: 'bob77',
    },
  ])
})

test('what a backend may find is what its policy says, nothing if it is not listed', async () => {
  const search = async (origin: string, term: string, team: string | null = null) => {
    const found = await ask(origin, 'search-users', { term, from: team, onlyInTeams: null, types: null })
    return [found.searchPolicy, found.contacts.map(({ name }: { name: string }) => name)]
  }
  const [hit, nothing] = [['Bobby Tables'], []]
  assert.deepEqual(await search('full.example', 'bob77'), ['full_search', hit])
  assert.deepEqual(await search('full.example', 'bobby'), ['full_search', hit])
  assert.deepEqual(await search('exact.example', 'bob77'), ['exact_handle_search', hit])
  assert.deepEqual(await search('exact.example', 'bobby'), ['exact_handle_search', nothing])
  assert.deepEqual(await search('none.example', 'bob77'), ['no_search', nothing])
  assert.deepEqual(await search('stranger.example', 'bob77'), ['no_search', nothing])
  assert.deepEqual(await search('teams.example', 'bob77'), ['no_search', nothing])
  assert.deepEqual(await search('teams.example', 'bob77', TEAM), ['full_search', hit])
  assert.deepEqual(await search('full.example', ''), ['full_search', nothing])
})

test('our users are in no team, so a search within teams finds none of them', async () => {
  for (const onlyInTeams of [[], [TEAM]]) {
    const found = await ask('full.example', 'search-users', { term: 'bob77', onlyInTeams })
    assert.deepEqual(found, { contacts: [], searchPolicy: 'full_search' })
  }
  const apps = await ask('full.example', 'search-users', { term: 'bob77', types: ['app'] })
  assert.deepEqual(apps.contacts, [])
})

test('another backend gets fifteen hits at most', async () => {
  for (let number = 0; number < 16; number += 1) await registerPerson(brig, `Zed ${number}`)
  const found = await ask('full.example', 'search-users', { term: 'zed' })
  assert.equal(found.contacts.length, 15)
})

test('by handle the policy decides whether anybody is found, but not the restriction to teams', async () => {
  const find = async (origin: string, handle: string) => (await ask(origin, 'get-user-by-handle', handle))?.id ?? null
  assert.equal(await find('exact.example', 'bob77'), bob.id)
  assert.equal(await find('teams.example', 'bob77'), bob.id)
  assert.equal(await find('exact.example', 'nobody'), null)
  assert.equal(await find('none.example', 'bob77'), null)
  assert.equal(await find('stranger.example', 'bob77'), null)
})

test('devices and prekeys are given out, each prekey once over all ways of asking', async () => {
  const carl = await registerPerson(brig, 'Carl')
  const made = await carl.calls('register-device', {
    body: newDevice('carl', { mls_public_keys: { ed25519: 'AAAA' }, prekeys: [1, 2, 3].map((id) => prekey(id)) }),
  })
  const client = made.outcome === 'registered' ? made.body.id : ClientId.parse('0')
  const devices = await ask('any.example', 'get-user-clients', { users: [carl.id, NOBODY] })
  assert.deepEqual(devices, { [carl.id]: [{ id: client, class: 'desktop' }], [NOBODY]: [] })

  assert.deepEqual(await ask('any.example', 'claim-prekey', [carl.id, client]), { client, prekey: prekey(1) })
  assert.deepEqual(await ask('any.example', 'claim-prekey-bundle', carl.id), {
    user: carl.id,
    clients: [{ client, prekey: prekey(2) }],
  })
  const many = await ask('any.example', 'claim-multi-prekey-bundle', { [carl.id]: [client, 'dead'], [NOBODY]: ['1'] })
  assert.deepEqual(many, { [carl.id]: { [client]: prekey(3), dead: null }, [NOBODY]: { 1: null } })
  const last = await ask('any.example', 'claim-prekey', [carl.id, client])
  assert.equal(last.prekey.id, 65_535)
  assert.equal(await ask('any.example', 'claim-prekey', [carl.id, 'dead']), null)
  assert.deepEqual(await ask('any.example', 'claim-prekey-bundle', NOBODY), { user: NOBODY, clients: [] })

  const info = { id: client, mls: false, mls_signature_key: 'AAAA' }
  const suite = { user_id: carl.id, cipher_suite: 1 }
  assert.deepEqual(await ask('any.example', 'get-mls-clients', suite), [info])
  assert.deepEqual(await ask('any.example', 'get-mls-clients', { ...suite, cipher_suite: 2 }), [
    { id: client, mls: false },
  ])
  const scheme = { user_id: carl.id, signature_scheme: 'ed25519' }
  assert.deepEqual(await ask('any.example', 'get-mls-clients', scheme, 0), [info])
  assert.deepEqual(await ask('any.example', 'get-mls-client', { ...suite, client_id: client }), info)
  assert.deepEqual(await ask('any.example', 'get-mls-client', { ...suite, client_id: 'dead' }), {
    id: 'dead',
    mls: false,
  })
  const unknown = await from('any.example', 'get-mls-clients', { ...suite, cipher_suite: 99 })
  assert.deepEqual([unknown.status, unknown.body.label], [400, 'mls-protocol-error'])
})

const ALICE = 'a11ce000-0000-4000-8000-000000000001'

test('being asked by a stranger: pending, the conversation derived, told once, and the same again changes nothing', async () => {
  const dora = await registerPerson(brig, 'Dora')
  await brig.told()
  const request = { from: ALICE, from_team: null, to: dora.id, action: 'RemoteConnect' }
  const expected = { tag: 'NewConnectionResponseOk', contents: null }
  assert.deepEqual(await ask('full.example', 'send-connection-action', request), expected)
  const letters = await brig.told()
  assert.deepEqual(
    letters.map(({ endpoint }) => endpoint),
    ['connect-one2one', 'push'],
  )
  assert.deepEqual(await ask('full.example', 'send-connection-action', request), expected)
  assert.deepEqual(await brig.told(), [])

  const page = await dora.calls('list-connections', { body: {} })
  const [connection] = page.outcome === 'page' ? page.body.connections : []
  assert.deepEqual(connection?.qualified_to, { domain: 'full.example', id: ALICE })
  assert.equal(connection?.status, 'pending')
})

test('the same id from two backends is two people', async () => {
  const dee = await registerPerson(brig, 'Dee')
  for (const origin of ['full.example', 'exact.example']) {
    await ask(origin, 'send-connection-action', { from: ALICE, to: dee.id, action: 'RemoteConnect' })
  }
  const page = await dee.calls('list-connections', { body: {} })
  assert.deepEqual(page.outcome === 'page' && page.body.connections.map(({ qualified_to: to }) => to.domain), [
    'exact.example',
    'full.example',
  ])
})

test('withdrawing what was never asked stores nothing, and says so', async () => {
  const dan = await registerPerson(brig, 'Dan')
  const request = { from: ALICE, from_team: null, to: dan.id, action: 'RemoteRescind' }
  assert.deepEqual(await ask('full.example', 'send-connection-action', request), {
    tag: 'NewConnectionResponseOk',
    contents: 'RemoteRescind',
  })
  const page = await dan.calls('list-connections', { body: {} })
  assert.deepEqual(page.outcome === 'page' && page.body.connections, [])
})

test('who may not federate, or asks for nobody, is told so', async () => {
  const request = { from: ALICE, to: bob.id, action: 'RemoteConnect' }
  const tagOf = async (origin: string, changes: Record<string, unknown> = {}) =>
    (await ask(origin, 'send-connection-action', { ...request, ...changes })).tag
  assert.equal(await tagOf('stranger.example'), 'NewConnectionResponseNotFederating')
  assert.equal(await tagOf('teams.example'), 'NewConnectionResponseNotFederating')
  assert.equal(await tagOf('teams.example', { from_team: TEAM }), 'NewConnectionResponseOk')
  assert.equal(await tagOf('full.example', { to: NOBODY }), 'NewConnectionResponseUserNotActivated')
  const guest = await registerPerson(brig, 'Guest', null)
  assert.equal(await tagOf('full.example', { to: guest.id }), 'NewConnectionResponseUserNotActivated')
})

test('whom we do not federate with is said on request', async () => {
  const domains = ['full.example', 'stranger.example', 'none.example']
  assert.deepEqual(await ask('full.example', 'get-not-fully-connected-backends', { domains }), {
    non_connected_backends: ['stranger.example'],
  })
})

test('what cannot be decoded is refused so that no queue repeats it, and what we do not know is a bare 404', async () => {
  const malformed = await from('full.example', 'send-connection-action', { from: 'x' })
  assert.deepEqual([malformed.status, malformed.body.label], [400, 'bad-request'])
  assert.deepEqual(await from('full.example', 'conquer-world', {}), { status: 404, body: undefined })
  assert.equal((await from('full.example', 'get-mls-client', {}, 2)).status, 404)
})
