/** Stories about accounts that end, are guarded and belong to teams. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'undici'
import type { Qualified } from '#src/world/app-client.ts'
import type { AppEvent } from '#src/world/app-socket.ts'
import { AppHttp } from '#src/world/app-http.ts'
import type { Person } from '#src/world/person.ts'
import { eventually } from '#src/storage/testing.ts'
import { labelOf } from './chat.ts'
import { teamOf } from './team-of.ts'
import type { Telling } from './telling.ts'

export const accountStories = (telling: Telling): void => {
  deletions(telling)
  teams(telling)
  guesses(telling)
}

const deletions = ({ network, people }: Telling): void => {
  test('DEL-001 CON-020: whoever knew alice hears that she is gone, and nothing of hers is left', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test', 'carl@beta.test')
    const { alice, alex, bob, carl } = cast
    await alice.connectWith(alex)
    await alice.connectWith(bob)
    await alice.app.connect(carl.user)
    await carl.inbox.until('the wish of alice', isConnection(alice, 'pending'))

    assert.deepEqual(await deleteAccount(alice), [200, undefined])
    const gone = { type: 'user.delete', id: alice.user.id, qualified_id: alice.user }
    for (const contact of [alex, bob]) {
      assert.deepEqual(await contact.inbox.until('that alice is gone', isDeleted(alice)), gone)
    }
    await carl.inbox.until('that alice withdrew', isConnection(alice, 'cancelled'))
    assert.equal(
      carl.inbox.events.find(({ type }) => type === 'user.delete'),
      undefined,
    )
    for (const other of [alex, bob, carl]) {
      await eventually(
        async () => (await other.app.connection(alice.user)) === undefined,
        `${other.account.handle} has no connection with alice`,
      )
    }
    const profile = await bob.app.http.call({ method: 'GET', path: `/users/alpha.test/${alice.user.id}` })
    const { deleted, name, handle } = profile.body as Record<string, unknown>
    assert.deepEqual({ deleted, name, handle }, { deleted: true, name: 'default', handle: undefined })
    await using stranger = new AppHttp(alice.app.http.baseUrl)
    const { email, password } = alice.account
    const login = await stranger.send({ method: 'POST', path: '/login', body: { email, password } })
    assert.deepEqual([login.status, labelOf(login.body)], [403, 'invalid-credentials'])
    const path = `/handles/${alice.account.handle}`
    assert.equal((await alex.app.http.send({ method: 'HEAD', path })).status, 404)
  })

  test('DEL-002 DEL-011: alice leaves her groups with her account; who was away hears of both when he is back', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test', 'chad@gamma.test')
    const { alice, alex, bob, chad } = cast
    for (const other of [alex, bob, chad]) await alice.connectWith(other)
    const group = await alice.createConversation([alex, bob, chad])
    const clients = { [alice.user.domain]: { [alice.user.id]: [alice.client] } }
    await chad.goOffline()
    await network().stop('gamma.test')
    await deleteAccount(alice)
    const left = await alex.inbox.until('that alice left', hasLeft(alice, group))
    assert.equal(left['reason'], 'user-deleted')
    await bob.inbox.until('that alice left', hasLeft(alice, group))

    await network().start('gamma.test')
    await chad.goOnline()
    await chad.inbox.until('that alice left', hasLeft(alice, group))
    await chad.inbox.until('that alice is gone', isDeleted(alice))
    await eventually(
      async () => (await chad.app.connection(alice.user)) === undefined,
      'chad has no connection with her',
    )
    const { members } = await chad.app.conversation(group)
    assert.ok(!members.others.some(({ qualified_id }) => qualified_id.id === alice.user.id))
    // What a device that has not noticed yet sends to her former one is taken for everybody else.
    const others = await chad.app.listClients([alex.user, bob.user])
    const text = Buffer.from('who is left?')
    const addressed = { ...others, ...clients, 'alpha.test': { ...others['alpha.test'], ...clients['alpha.test'] } }
    const recipients = Object.fromEntries(
      Object.entries(addressed).map(([domain, users]) => [
        domain,
        Object.fromEntries(
          Object.entries(users).map(([user, ids]) => [user, Object.fromEntries(ids.map((id) => [id, text]))]),
        ),
      ]),
    )
    const sent = await chad.app.sendProteus(group, { sender: chad.client, recipients })
    assert.equal(sent.isDelivered, true)
    const reported = { ...sent.redundant['alpha.test'], ...sent.deleted['alpha.test'] }
    assert.deepEqual(reported[alice.user.id], [alice.client])
    await alex.receives(group, 'who is left?')
  })

  test('DEL-003: a group elsewhere loses alice too, though its backend was away', async () => {
    await using cast = await people('bob@beta.test', 'alice@alpha.test', 'chad@gamma.test')
    const { alice, bob, chad } = cast
    await bob.connectWith(alice)
    await bob.connectWith(chad)
    const group = await bob.createConversation([alice, chad])
    await bob.goOffline()
    await network().stop('beta.test')
    await deleteAccount(alice)
    await network().start('beta.test')
    await bob.goOnline()
    await bob.inbox.until('that alice left', hasLeft(alice, group))
    await chad.inbox.until('that alice left', hasLeft(alice, group))
    const { members } = await bob.app.conversation(group)
    assert.deepEqual(
      members.others.map(({ qualified_id }) => qualified_id.id),
      [chad.user.id],
    )
  })
}

const teams = ({ network, people }: Telling): void => {
  test('DEL-008: who is removed from a team is gone from its conversations, here and elsewhere', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'alison@alpha.test', 'bob@beta.test')
    const { alice, alex, alison, bob } = cast
    for (const other of [alex, alison, bob]) await alice.connectWith(other)
    const team = await teamOf(network(), { owner: alice, members: [alex, alison] })
    const group = await alice.createConversation([alex, alison, bob])
    const removed = await alice.app.http.send({
      method: 'DELETE',
      path: `/teams/${team}/members/${alex.user.id}`,
      body: { password: alice.account.password },
    })
    assert.equal(removed.status, 202)
    const leaving = await alison.inbox.until('who left the team', (events) =>
      events.find(({ type }) => type === 'team.member-leave'),
    )
    assert.deepEqual([leaving['team'], leaving['data']], [team, { user: alex.user.id }])
    for (const other of [alison, bob]) await other.inbox.until('that alex left', hasLeft(alex, group))
    await eventually(async () => {
      const { members } = await bob.app.conversation(group)
      return !members.others.some(({ qualified_id }) => qualified_id.id === alex.user.id)
    }, 'bob no longer sees alex in the group')
    await assert.rejects(alex.app.http.renewToken(), /invalid-credentials/)
  })
}

const guesses = ({ people }: Telling): void => {
  test('a thousand wrong passwords from one place are throttled, and alice gets in from another', async () => {
    await using cast = await people('alice@alpha.test')
    const { account, app } = cast.alice
    const logIn = (password: string, localAddress: string) =>
      tryLogIn(app.http.baseUrl, { email: account.email, password }, localAddress)
    const labels = new Map<string, number>()
    for (let round = 0; round < 50; round += 1) {
      const guesses = Array.from({ length: 20 }, async (_, index) => logIn(`guess ${round} ${index}`, '127.0.0.66'))
      for (const { label } of await Promise.all(guesses)) labels.set(label, (labels.get(label) ?? 0) + 1)
    }
    const [looked, refused] = [labels.get('invalid-credentials') ?? 0, labels.get('client-error') ?? 0]
    assert.equal(looked + refused, 1_000, JSON.stringify([...labels]))
    assert.ok(looked <= 20, `${looked} guesses were looked at`)
    const right = await logIn(account.password, '127.0.0.66')
    assert.deepEqual([right.status, right.label], [403, 'client-error'])
    assert.match(right.retryAfter, /^\d+$/)
    assert.equal((await logIn(account.password, '127.0.0.67')).status, 200)
  })
}

const tryLogIn = async (
  clientApi: string,
  body: { readonly email: string; readonly password: string },
  localAddress: string,
) => {
  const client = new Client(clientApi, { localAddress })
  try {
    const headers = { 'content-type': 'application/json' }
    const answer = await client.request({ method: 'POST', path: '/v8/login', headers, body: JSON.stringify(body) })
    const label = labelOf(await answer.body.json())
    return { status: answer.statusCode, label: String(label), retryAfter: String(answer.headers['retry-after']) }
  } finally {
    await client.close()
  }
}

const deleteAccount = async ({ app, account: { password } }: Person) => {
  const answer = await app.http.send({ method: 'DELETE', path: '/self', body: { password } })
  return [answer.status, labelOf(answer.body)]
}

const isDeleted =
  ({ user }: Person) =>
  (events: readonly AppEvent[]): AppEvent | undefined =>
    events.find((event) => event.type === 'user.delete' && event['id'] === user.id)

const isConnection =
  ({ user }: Person, status: string) =>
  (events: readonly AppEvent[]): AppEvent | undefined =>
    events.find((event) => {
      const connection = event['connection'] as { readonly to?: string; readonly status?: string } | undefined
      return event.type === 'user.connection' && connection?.to === user.id && connection.status === status
    })

/** What the event says, if it is that the person left the conversation. */
const hasLeft =
  ({ user }: Person, { id }: Qualified) =>
  (events: readonly AppEvent[]): Record<string, unknown> | undefined =>
    events
      .filter((event) => event.type === 'conversation.member-leave' && event['conversation'] === id)
      .map((event) => event['data'] as Record<string, unknown>)
      .find((data) => (data['qualified_user_ids'] as Qualified[]).some((gone) => gone.id === user.id))
