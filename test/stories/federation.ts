/** Stories about what backends say to each other, told with a peer that the story plays. Run in every shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfSigned } from '#src/world/authority.ts'
import { systemClock } from '#src/kit/clock.ts'
import type { Person } from '#src/world/person.ts'
import { labelOf } from './chat.ts'
import { authorityOf, knockAs, playPeer, speaks } from './played-peer.ts'
import { PLAYED, STRANGER, type Telling } from './telling.ts'

const SOMEBODY = '11111111-1111-4111-8111-111111111111'
const PROFILES = 'brig/get-users-by-ids'
const VERSIONS = 'brig/api-version'

export const federationStories = (telling: Telling): void => {
  incoming(telling)
  outgoing(telling)
  refusedByUs(telling)
  remotes(telling)
}

const incoming = ({ network, people }: Telling): void => {
  test('FED-001: what a peer asks reaches the component it names, and its answer comes back unchanged', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    const ask = (path: string, body: object) =>
      knockAs(network(), { from: PLAYED, at: 'alpha.test', path, body: JSON.stringify(body) })
    const brig = await ask('/federation/brig/get-users-by-ids', [alice.user.id])
    assert.equal(brig.status, 200)
    const profiles = JSON.parse(brig.body) as Record<string, unknown>[]
    assert.deepEqual(
      profiles.map((profile) => [profile['qualified_id'], profile['handle'], 'email' in profile]),
      [[{ id: alice.user.id, domain: 'alpha.test' }, alice.account.handle, false]],
    )
    const galley = await ask('/federation/galley/get-conversations', { user_id: SOMEBODY, conv_ids: [SOMEBODY] })
    assert.deepEqual([galley.status, JSON.parse(galley.body)], [200, { convs: [] }])
  })

  test('FED-012: an RPC that a component does not have is its 404, with an empty body', async () => {
    const path = '/federation/brig/this-does-not-exist'
    const answered = await knockAs(network(), { from: PLAYED, at: 'alpha.test', path, body: '[]' })
    assert.deepEqual([answered.status, answered.body], [404, ''])
  })

  test('FED-006: one of several names in a certificate is enough', async () => {
    const authority = await authorityOf(network())
    const credential = await authority.issue({ dnsNames: ['other.test', `federator.${PLAYED}`] })
    const path = `/federation/${VERSIONS}`
    const answered = await knockAs(network(), { from: PLAYED, at: 'alpha.test', path, credential, body: '[]' })
    assert.equal(answered.status, 200)
  })
}

const refusedByUs = ({ network }: Telling): void => {
  const path = `/federation/${VERSIONS}`

  test('FED-003: without certificate or origin nobody gets in', async () => {
    const ask = { from: PLAYED, at: 'alpha.test', path, body: '[]' }
    const nobody = await knockAs(network(), { ...ask, credential: undefined })
    const claimed = await knockAs(network(), {
      ...ask,
      credential: undefined,
      headers: { 'x-ssl-certificate': 'not a certificate' },
    })
    const nameless = await knockAs(network(), { ...ask, headers: { 'wire-origin-domain': '' } })
    assert.deepEqual([nobody.status, claimed.status, nameless.status], [400, 400, 400])
  })

  test('FED-004: a peer that claims to be another one is refused', async () => {
    const headers = { 'wire-origin-domain': 'gamma.test' }
    const answered = await knockAs(network(), { from: 'beta.test', at: 'alpha.test', path, headers, body: '[]' })
    assert.deepEqual([answered.status, answered.label], [403, 'authentication-failure'])
  })

  test('FED-010: paths that are no RPC never reach a service', async () => {
    const ask = async (each: string): Promise<number> =>
      (await knockAs(network(), { from: PLAYED, at: 'alpha.test', path: each, body: '[]' })).status
    const nowhere = ['/', '/federation', '/federation/brig', '/federation/brig/', '/i/users', '/federation/brig/a/b/c']
    const tricks = ['/federation/brig/../i/users', '/federation/brig/%2e%2e/i/users', '/federation/brig/%252e%252e/i/x']
    for (const each of [...nowhere, ...tricks]) assert.equal(await ask(each), 404, each)
    for (const each of ['/federation/brig/..%2Fi%2Fusers', '/federation/unknown/x']) assert.equal(await ask(each), 400)
  })

  test('FED-011: queries and other methods are refused, on the way in and on the way out', async () => {
    const ask = { from: PLAYED, at: 'alpha.test', body: '[]' }
    const query = await knockAs(network(), { ...ask, path: '/federation/brig/x?key=value' })
    assert.deepEqual([query.status, query.label], [403, 'invalid-endpoint'])
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answered = await knockAs(network(), { ...ask, path: '/federation/galley/send-message', method })
      assert.deepEqual([answered.status, answered.label], [403, 'invalid-endpoint'], method)
    }
    const outward = `http://127.0.0.1:${network().backend('alpha.test').ports.federatorOutward}`
    const out = await fetch(`${outward}/rpc/beta.test/brig/api-version?key=value`, { method: 'POST', body: '[]' })
    const put = await fetch(`${outward}/rpc/beta.test/brig/api-version`, { method: 'PUT', body: '[]' })
    assert.deepEqual([out.status, labelOf(await out.json())], [403, 'invalid-endpoint'])
    assert.deepEqual([put.status, labelOf(await put.json())], [403, 'invalid-endpoint'])
  })

  test('FED-024: anybody may ask which versions clients can speak, and gets no other', async () => {
    const api = network().backend('alpha.test').clientApi
    const versions = (await (await fetch(`${api}/api-version`)).json()) as Record<string, unknown>
    const supported = versions['supported'] as number[]
    const development = versions['development'] as number[]
    assert.deepEqual([versions['federation'], versions['domain']], [true, 'alpha.test'])
    assert.deepEqual(
      supported.filter((version) => development.includes(version)),
      [],
    )
    const unknown = await fetch(`${api}/v${Math.max(...supported, ...development) + 1}/self`)
    assert.deepEqual([unknown.status, labelOf(await unknown.json())], [404, 'unsupported-version'])
  })
}

const lookUp = async (who: Person, domain: string) =>
  who.app.http.send({ method: 'GET', path: `/users/${domain}/${SOMEBODY}` })

const outgoing = ({ network, people }: Telling): void => {
  test('FED-002 FED-021: a call negotiates the version, says who calls, and carries the version agreed on', async () => {
    await using cast = await people('alice@alpha.test')
    const peer = { domain: PLAYED, answers: { [VERSIONS]: speaks(0, 1, 2, 999), [PROFILES]: { body: [] } } }
    await using played = await playPeer(network(), peer)
    const answered = await lookUp(cast.alice, PLAYED)
    assert.deepEqual([answered.status, labelOf(answered.body)], [404, 'not-found'])
    const asked = played.calls.find((call) => call.rpc === PROFILES)
    assert.deepEqual(
      played.calls.map((call) => call.rpc),
      [VERSIONS, PROFILES],
    )
    assert.deepEqual(asked?.body, [SOMEBODY])
    assert.deepEqual([asked?.headers['wire-origin-domain'], asked?.headers['x-wire-api-version']], ['alpha.test', '2'])
    assert.equal(typeof asked?.headers['wire-origin-request-id'], 'string')
  })

  test('FED-018: an error of the peer is nested in ours, whatever it is', async () => {
    await using cast = await people('alice@alpha.test')
    const error = { code: 400, label: 'example', message: 'm' }
    const bodies: unknown[] = [error, 'no JSON at all']
    const fail = () => ({ status: 400, body: bodies.shift() })
    await using _ = await playPeer(network(), { domain: PLAYED, answers: { [VERSIONS]: speaks(0), [PROFILES]: fail } })
    const json = await lookUp(cast.alice, PLAYED)
    const text = await lookUp(cast.alice, PLAYED)
    const seen = [json, text].map(({ status, body }) => {
      const { label, inner, data } = body as { label: string; inner: { label: string }; data: { domain: string } }
      return [status, label, inner.label, data.domain]
    })
    assert.deepEqual(seen, [
      [533, 'federation-remote-error', 'example', PLAYED],
      [533, 'federation-remote-error', 'unknown-error', PLAYED],
    ])
    assert.deepEqual((json.body as { inner: unknown }).inner, error)
  })

  test('FED-023: a peer without a version of ours is asked nothing more', async () => {
    await using cast = await people('alice@alpha.test')
    const offers: unknown[] = [[200], [], 'garbage']
    // The queue asks too, when it greets a peer that it has heard of.
    const offer = () => ({ body: { supported: [0, 1], supported_versions: offers.shift() ?? [200] } })
    await using played = await playPeer(network(), { domain: PLAYED, answers: { [VERSIONS]: offer } })
    for (const _ of [1, 2, 3]) {
      const answered = await lookUp(cast.alice, PLAYED)
      assert.deepEqual([answered.status, labelOf(answered.body)], [533, 'federation-version-error'])
    }
    assert.deepEqual(new Set(played.calls.map((call) => call.rpc)), new Set([VERSIONS]))
  })

  test('FED-017: nothing is sent to a peer whose certificate is not in order', async () => {
    await using cast = await people('alice@alpha.test')
    const authority = await authorityOf(network())
    const dnsNames = [`federator.${PLAYED}`]
    const bad = [
      await authority.issue({ dnsNames: ['federator.mallory.test'] }),
      await authority.issue({ dnsNames, purposes: ['clientAuth'] }),
      await selfSigned({ dnsNames }, systemClock),
    ]
    for (const credential of bad) {
      await using played = await playPeer(network(), { domain: PLAYED, answers: {}, credential })
      const answered = await lookUp(cast.alice, PLAYED)
      assert.deepEqual([answered.status, labelOf(answered.body)], [525, 'federation-tls-error'])
      assert.deepEqual(played.calls, [])
    }
  })
}

const remotes = ({ network, people }: Telling): void => {
  const brig = async (method: string, path: string, body?: object) => {
    const url = `http://127.0.0.1:${network().backend('alpha.test').ports.brig}${path}`
    const headers = { 'content-type': 'application/json' }
    const answered = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    return { status: answered.status, body: (await answered.json()) as Record<string, unknown> }
  }
  const added = async (): Promise<unknown[]> => {
    const { body } = await brig('GET', '/i/federation/remotes')
    return body['remotes'] as unknown[]
  }

  test('FED-007 FED-009: who is not on the list gets nowhere, until he is put on it', async () => {
    await using cast = await people('alice@alpha.test')
    const path = `/federation/${VERSIONS}`
    const knocking = { from: STRANGER, at: 'alpha.test', path, body: '[]' }
    const before = await knockAs(network(), knocking)
    assert.deepEqual([before.status, before.label], [400, 'federation-denied'])
    assert.equal(labelOf((await lookUp(cast.alice, STRANGER)).body), 'federation-denied')

    const remote = { domain: STRANGER, search_policy: 'no_search', restriction: { tag: 'allow_all', value: null } }
    assert.equal((await brig('POST', '/i/federation/remotes', remote)).status, 200)
    const answers = { [VERSIONS]: speaks(0, 1, 2, 3), [PROFILES]: { body: [] } }
    await using _ = await playPeer(network(), { domain: STRANGER, answers })
    assert.equal((await knockAs(network(), knocking)).status, 200)
    assert.equal(labelOf((await lookUp(cast.alice, STRANGER)).body), 'not-found')
  })

  test('FED-014: a domain without service record is named as such', async () => {
    await using cast = await people('alice@alpha.test')
    const domain = 'nowhere.alpha.test'
    const remote = { domain, search_policy: 'no_search', restriction: { tag: 'allow_all', value: null } }
    await brig('POST', '/i/federation/remotes', remote)
    const { status, body } = await lookUp(cast.alice, domain)
    assert.deepEqual([status, labelOf(body)], [422, 'invalid-domain'])
    const path = '/federation/api-version'
    assert.deepEqual((body as { data: unknown }).data, { type: 'federation', domain, path })
  })

  test('FED-025: a remote is added once, and can be changed', async () => {
    const domain = 'x.example'
    const remote = { domain, search_policy: 'no_search', restriction: { tag: 'allow_all', value: null } }
    assert.equal((await brig('POST', '/i/federation/remotes', remote)).status, 200)
    const before = await added()
    assert.equal((await brig('POST', '/i/federation/remotes', remote)).status, 200)
    assert.deepEqual(await added(), before)
    const changed = {
      domain,
      search_policy: 'full_search',
      restriction: { tag: 'restrict_by_team', value: [] },
    }
    assert.equal((await brig('PUT', `/i/federation/remotes/${domain}`, changed)).status, 200)
    const listed = (await added()).filter((each) => (each as { domain: string }).domain === domain)
    assert.deepEqual(listed, [changed])
  })

  test('FED-027: backends that know each other are fully connected', async () => {
    for (const domains of [['beta.test', 'gamma.test'], [], ['beta.test']]) {
      const { status, body } = await brig('POST', '/i/federation-status', { domains })
      assert.deepEqual([status, body], [200, { status: 'fully-connected' }])
    }
  })

  test('FED-028: two backends that do not know each other are named', async () => {
    const missing = { body: { non_connected_backends: ['beta.test'] } }
    const answers = { [VERSIONS]: speaks(0, 1, 2, 3), 'brig/get-not-fully-connected-backends': missing }
    await using played = await playPeer(network(), { domain: PLAYED, answers })
    const { status, body } = await brig('POST', '/i/federation-status', { domains: ['beta.test', PLAYED] })
    assert.deepEqual([status, body['status']], [200, 'non-fully-connected'])
    assert.deepEqual(new Set(body['not_connected'] as string[]), new Set(['beta.test', PLAYED]))
    const asked = played.calls.find((call) => call.rpc === 'brig/get-not-fully-connected-backends')
    assert.deepEqual(asked?.body, { domains: ['beta.test'] })
  })
}
