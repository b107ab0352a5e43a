import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Domain, TeamId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { RemoteConfig } from '#src/contract/internal/remotes.ts'
import { call, overHttp } from '#src/kit/http/client.ts'
import { listen } from '#src/kit/http/server.ts'
import { nullLog } from '#src/kit/log.ts'
import { callInternal, newNetwork, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const [X, Y, FIXED] = ['x.example', 'y.example', 'fixed.example'].map((name) => Domain.parse(name)) as [
  Domain,
  Domain,
  Domain,
]
const TEAM = TeamId.parse('59f66843-6af1-48fb-8c05-1cf58c23566b')
const OTHER_TEAM = TeamId.parse('59f66843-6af1-48fb-8c05-1cf58c23566c')
const fixed: RemoteConfig = {
  domain: FIXED,
  search_policy: 'full_search',
  restriction: { tag: 'allow_all', value: null },
}
const open = (domain: Domain): RemoteConfig => ({ ...fixed, domain, search_policy: 'no_search' })
const restricted = (domain: Domain, ...teams: TeamId[]): RemoteConfig => ({
  domain,
  search_policy: 'full_search',
  restriction: { tag: 'restrict_by_team', value: teams },
})

let brig: TestBrig
before(async () => {
  brig = await startTestBrig({ config: { federation: { strategy: 'allowDynamic', remotes: [fixed] } } })
})
after(() => brig[Symbol.asyncDispose]())

const add = async (body: RemoteConfig) => (await callInternal(brig, 'add-remote', { body })).outcome
const update = async (domain: Domain, body: RemoteConfig) =>
  (await callInternal(brig, 'update-remote', { params: { domain }, body })).outcome
const known = async () => (await callInternal(brig, 'known-remotes', {})).body
const teamsOf = async (domain: Domain) => {
  const found = await callInternal(brig, 'list-remote-teams', { params: { domain } })
  return found.body.map(({ team_id }) => team_id)
}

test('a remote is added once, changed, and counts from the next question on', async () => {
  assert.equal(await add(open(X)), 'done')
  assert.equal(await add(open(X)), 'done')
  assert.deepEqual(await known(), { strategy: 'allowDynamic', remotes: [open(X), fixed], update_interval: 10 })
  assert.equal(await update(X, restricted(X)), 'done')
  assert.deepEqual((await known()).remotes, [restricted(X), fixed])
})

test('what is configured cannot be changed, but may be added as it is', async () => {
  assert.equal(await add(fixed), 'done')
  assert.equal(await add({ ...fixed, search_policy: 'no_search' }), 'refused')
  assert.equal(await update(FIXED, fixed), 'refused')
})

test('nobody can change a remote that is not there, or under another name', async () => {
  assert.equal(await update(Y, open(Y)), 'refused')
  assert.equal(await update(X, open(Y)), 'refused')
})

test('teams are added to those there are, and replaced by an update', async () => {
  assert.equal(await add(restricted(Y, TEAM)), 'done')
  assert.equal(await add(restricted(Y, OTHER_TEAM)), 'done')
  assert.deepEqual(await teamsOf(Y), [TEAM, OTHER_TEAM])
  assert.equal(await update(Y, restricted(Y, TEAM)), 'done')
  assert.deepEqual(await teamsOf(Y), [TEAM])
  const addTeam = async (domain: Domain) =>
    (await callInternal(brig, 'add-remote-team', { params: { domain }, body: { team_id: OTHER_TEAM } })).outcome
  assert.equal(await addTeam(Y), 'done')
  await callInternal(brig, 'remove-remote-team', { params: { domain: Y, team: TEAM } })
  assert.deepEqual(await teamsOf(Y), [OTHER_TEAM])
  assert.equal(await addTeam(FIXED), 'refused')
  assert.equal(await addTeam(Domain.parse('unknown.example')), 'refused')
  assert.deepEqual(await teamsOf(Domain.parse('unknown.example')), [])
})

test('two different entries for one domain in the configuration stop the start', async () => {
  const remotes = [fixed, open(FIXED)]
  await assert.rejects(startTestBrig({ config: { federation: { strategy: 'allowAll', remotes } } }), /configured twice/)
})

const listing = (...domains: string[]) => ({
  strategy: 'allowDynamic' as const,
  remotes: domains.map((name) => open(Domain.parse(name))),
})

test('the status names two backends that do not know each other, and those that cannot be asked', async () => {
  const network = newNetwork()
  const start = (domain: string, ...knows: string[]) =>
    startTestBrig({ domain, network, config: { federation: listing(...knows) } })
  await using a = await start('a.example', 'b.example', 'c.example')
  await using b = await start('b.example', 'a.example', 'c.example')
  await using c = await start('c.example', 'a.example', 'b.example')
  await using d = await start('d.example', 'a.example')
  const status = async (...domains: Domain[]) =>
    (await callInternal(a, 'federation-status', { body: { domains } })).body
  const connected = { status: 'fully-connected' }
  assert.deepEqual(await status(b.domain, c.domain), connected)
  assert.deepEqual(await status(), connected)
  assert.deepEqual(await status(b.domain), connected)
  assert.deepEqual(await status(b.domain, d.domain), {
    status: 'non-fully-connected',
    not_connected: [b.domain, d.domain],
  })
  network.cutOff.add('b.example').add('c.example')
  const unreachable = (await status(b.domain, c.domain, d.domain)) as { unreachable_backends: string[] }
  assert.deepEqual(new Set(unreachable.unreachable_backends), new Set([b.domain, c.domain]))
})

test('the status is had over HTTP as it is asked for: with GET and a body', async () => {
  await using listener = await listen(brig.routes, { host: '127.0.0.1', port: 0, name: 'brig', log: nullLog })
  await using transport = overHttp(listener.url)
  const answer = await call(transport, brigInternal['federation-status'], { body: { domains: [] } })
  assert.equal(answer.outcome, 'fully-connected')
})

test('a restricted remote is not federating with users without team, on either side', async () => {
  const network = newNetwork()
  await using a = await startTestBrig({ domain: 'a.example', network, config: { federation: listing() } })
  await using b = await startTestBrig({ domain: 'b.example', network, config: { federation: listing() } })
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  const ask = async () =>
    (await alice.calls('request-connection', { params: { domain: b.domain, user: bob.id } })).outcome
  const list = (at: TestBrig, body: RemoteConfig) => callInternal(at, 'add-remote', { body })

  await list(a, restricted(b.domain))
  await list(b, open(a.domain))
  assert.equal(await ask(), 'team-not-federating')
  await list(a, open(b.domain))
  await list(b, restricted(a.domain, TEAM))
  assert.equal(await ask(), 'team-not-federating')
  await list(b, open(a.domain))
  assert.equal(await ask(), 'created')
})
