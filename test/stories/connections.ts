/** Stories about asking, accepting, ignoring and blocking, here and across backends. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qualified } from '#src/world/app-client.ts'
import type { AppEvent } from '#src/world/app-socket.ts'
import type { Person } from '#src/world/person.ts'
import { eventually } from '#src/storage/testing.ts'
import { labelOf } from './chat.ts'
import type { Telling } from './telling.ts'

export const connectionStories = (telling: Telling): void => {
  askingStories(telling)
  refusingStories(telling)
  leavingStories(telling)
}

const askingStories = ({ network, people }: Telling): void => {
  test('CON-001 CON-002 CON-028: alice asks bob elsewhere; each sees of their conversation what is theirs to see', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    assert.deepEqual(await ask(alice, bob), [201, 'sent'])
    // Her own socket caused it and is not told; the log is.
    await alice.findsStored('her own request', isConnection(bob, 'sent'))
    await hears(bob, alice, 'pending')
    const conversation = await conversationOf(alice, bob)
    assert.deepEqual(await conversationOf(bob, alice), conversation)
    assert.deepEqual((await alice.app.conversation(conversation)).members.others, [])
    assert.deepEqual(await refusal(bob, conversation), closedTo(bob, conversation))
    assert.ok((await alice.app.conversations()).some(({ id }) => id === conversation.id))
    assert.deepEqual(await listed(alice), [[bob.user, 'sent']])

    assert.deepEqual(await put(bob, alice, 'accepted'), [200, 'accepted'])
    await hears(alice, bob, 'accepted')
    await bob.findsStored('his own consent', isConnection(alice, 'accepted'))
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const { type, members } = await one.app.conversation(conversation)
      assert.deepEqual([type, members.others.map(({ qualified_id }) => qualified_id)], [2, [other.user]])
    }
  })

  test('CON-001 CON-002 CON-029: alice asks alex on her own backend; both hear who joined when he accepts', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test')
    const { alice, alex } = cast
    assert.deepEqual(await ask(alice, alex), [201, 'sent'])
    await hears(alex, alice, 'pending')
    const conversation = await conversationOf(alice, alex)
    const pending = await alice.app.conversation(conversation)
    assert.deepEqual([pending.type, pending.members.others], [3, []])
    assert.deepEqual(await refusal(alex, conversation), [403, 'access-denied'])
    await alice.findsStored('the request of hers', (events) => events.find(isOf('conversation.connect-request')))

    assert.deepEqual(await put(alex, alice, 'accepted'), [200, 'accepted'])
    const joined = await Promise.all(
      [alice, alex].map(async ({ inbox }) =>
        inbox.until('alex joining', (events) => events.find(isOf('conversation.member-join'))),
      ),
    )
    assert.deepEqual(
      joined.map((event) => event['qualified_from']),
      [alex.user, alex.user],
    )
    const accepted = await alice.app.conversation(conversation)
    assert.deepEqual([accepted.type, accepted.members.others.map(({ qualified_id: id }) => id)], [2, [alex.user]])
  })

  test('CON-004 CON-005: asking twice makes one request, and both asking makes a connection', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    for (const other of [alex, bob]) {
      assert.deepEqual(await ask(alice, other), [201, 'sent'])
      const conversation = await conversationOf(alice, other)
      assert.deepEqual(await ask(alice, other), [200, 'sent'])
      assert.deepEqual(await ask(other, alice), [200, 'accepted'])
      assert.deepEqual(await statuses(alice, other), ['accepted', 'accepted'])
      assert.deepEqual(await ask(alice, other), [200, 'accepted'])
      assert.deepEqual(await conversationOf(alice, other), conversation)
    }
    const ids = (await alice.app.conversations()).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  test('CON-016: while the other backend is away nothing changes, and afterwards the same requests succeed', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carl@beta.test')
    const { alice, bob, carl } = cast
    await ask(carl, alice)
    await network().stop('beta.test')
    for (const attempt of [await ask(alice, bob), await put(alice, carl, 'accepted')]) {
      assert.ok([521, 533].includes(attempt[0]), `answered ${attempt.join(' ')}`)
    }
    assert.equal(await alice.app.connection(bob.user), undefined)
    assert.equal((await alice.app.connection(carl.user))?.status, 'pending')
    await network().start('beta.test')
    assert.deepEqual(await ask(alice, bob), [201, 'sent'])
    assert.deepEqual(await put(alice, carl, 'accepted'), [200, 'accepted'])
  })
}

const refusingStories = ({ people }: Telling): void => {
  test('CON-007 CON-008: whoever ignores is asked again, or asks himself', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    for (const other of [alex, bob]) {
      await ask(other, alice)
      assert.deepEqual(await put(alice, other, 'ignored'), [200, 'ignored'])
      assert.deepEqual(await statuses(alice, other), ['ignored', 'sent'])
      assert.deepEqual(await ask(other, alice), [200, 'sent'])
      assert.equal((await alice.app.connection(other.user))?.status, 'pending')
      assert.deepEqual(await put(alice, other, 'accepted'), [200, 'accepted'])
      assert.deepEqual(await statuses(alice, other), ['accepted', 'accepted'])
    }
    await using more = await people('brad@beta.test')
    const { brad } = more
    await ask(brad, alice)
    await put(alice, brad, 'ignored')
    assert.deepEqual(await put(brad, alice, 'cancelled'), [200, 'cancelled'])
    assert.equal((await alice.app.connection(brad.user))?.status, 'ignored')
    assert.deepEqual(await put(alice, brad, 'accepted'), [200, 'sent'])
    assert.deepEqual(await statuses(brad, alice), ['pending', 'sent'])
  })

  test('CON-009 CON-026 CON-027: whoever is blocked is not told, and is heard again after the block', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test')
    const { alice, alex, bob } = cast
    for (const other of [alex, bob]) {
      await alice.connectWith(other)
      const conversation = await conversationOf(alice, other)
      await other.send(conversation, 'before')
      await alice.receives(conversation, 'before')
      assert.deepEqual(await put(alice, other, 'blocked'), [200, 'blocked'])
      assert.deepEqual(await refusal(alice, conversation), closedTo(alice, conversation))
      assert.deepEqual(await statuses(other, alice), ['accepted', 'blocked'])
      await other.send(conversation, 'unheard')
      assert.deepEqual(await ask(other, alice), [200, 'accepted'])
      assert.equal((await alice.app.connection(other.user))?.status, 'blocked')

      assert.deepEqual(await unblock(alice, other), [200, 'accepted'])
      const again = await alice.app.conversation(conversation)
      assert.deepEqual(
        again.members.others.map(({ qualified_id: id }) => id),
        [other.user],
      )
      await other.send(conversation, 'after')
      await alice.receives(conversation, 'after')
      assert.deepEqual(alice.texts(conversation), ['before', 'after'])
    }
  })

  test('CON-027: the other backend keeps the one who blocks, because it is not told', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await conversationOf(alice, bob)
    await put(bob, alice, 'blocked')
    assert.deepEqual(await refusal(bob, conversation), closedTo(bob, conversation))
    const seen = await alice.app.conversation(conversation)
    // Unless it is bob's backend that hosts the conversation: then there is nothing to keep.
    const expected = conversation.domain === alice.user.domain ? [bob.user] : []
    assert.deepEqual(
      seen.members.others.map(({ qualified_id: id }) => id),
      expected,
    )
  })

  test('CON-013 CON-014: what is not allowed is refused', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test')
    const { alice, alex } = cast
    const nobody = { domain: alice.user.domain, id: '00000000-0000-4000-8000-000000000000' }
    assert.deepEqual(await request(alice, 'POST', alice.user), [400, 'invalid-user'])
    assert.deepEqual(await request(alice, 'POST', nobody), [400, 'invalid-user'])
    assert.deepEqual(await put(alice, alex, 'accepted'), [403, 'not-connected'])
    await ask(alice, alex)
    assert.deepEqual(await put(alice, alex, 'ignored'), [403, 'bad-conn-update'])
    assert.deepEqual(await put(alex, alice, 'sent'), [403, 'bad-conn-update'])
    await put(alex, alice, 'accepted')
    assert.deepEqual(await put(alice, alex, 'pending'), [403, 'bad-conn-update'])
    assert.deepEqual(await put(alice, alex, 'cancelled'), [403, 'bad-conn-update'])
    assert.deepEqual(await put(alice, alex, 'accepted'), [204, undefined])
  })
}

const leavingStories = ({ people }: Telling): void => {
  test('CON-020: whoever deletes his account is nobody’s connection any more', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'brad@beta.test', 'betty@beta.test')
    const { alice, bob, brad, betty } = cast
    await alice.connectWith(bob)
    await ask(alice, brad)
    await alice.connectWith(betty)
    await put(betty, alice, 'blocked')
    for (const { app, account } of [bob, brad, betty]) {
      await app.http.call({ method: 'DELETE', path: '/self', body: { password: account.password } })
    }
    await alice.inbox.until('the end of bob', (events) => events.find(isOf('user.delete')))
    for (const { user } of [bob, brad, betty]) await gone(alice, user)
  })
}

type Answered = readonly [status: number, told: unknown]

const request = async (from: Person, method: 'POST' | 'PUT', to: Qualified, status?: string): Promise<Answered> => {
  const path = `/connections/${to.domain}/${to.id}`
  const answer = await from.app.http.send({ method, path, ...(status !== undefined && { body: { status } }) })
  const { body } = answer
  const told = typeof body === 'object' && body !== null && 'status' in body ? body.status : labelOf(body)
  return [answer.status, told]
}

const ask = (from: Person, to: Person): Promise<Answered> => request(from, 'POST', to.user)
const put = (from: Person, to: Person, status: string): Promise<Answered> => request(from, 'PUT', to.user, status)

/** Asking unblocks where the other one is elsewhere; of two on one backend an update does (rules.md §2.1, §2.2). */
const unblock = (from: Person, to: Person): Promise<Answered> =>
  from.user.domain === to.user.domain ? put(from, to, 'accepted') : ask(from, to)

const statuses = async (one: Person, other: Person): Promise<unknown[]> => [
  (await one.app.connection(other.user))?.status,
  (await other.app.connection(one.user))?.status,
]

const conversationOf = async (one: Person, other: Person): Promise<Qualified> => {
  const conversation = (await one.app.connection(other.user))?.qualified_conversation
  assert.ok(conversation)
  return conversation
}

const refusal = async ({ app }: Person, { domain, id }: Qualified): Promise<Answered> => {
  const answer = await app.http.send({ method: 'GET', path: `/conversations/${domain}/${id}` })
  return [answer.status, labelOf(answer.body)]
}

/** Whoever is not in it is told so by the backend that hosts it; others know nothing of it. */
const closedTo = ({ user }: Person, conversation: Qualified): Answered =>
  conversation.domain === user.domain ? [403, 'access-denied'] : [404, 'no-conversation']

const listed = async ({ app }: Person): Promise<unknown[]> => {
  const { body } = await app.http.call({ method: 'POST', path: '/list-connections', body: { size: 100 } })
  const { connections } = body as { connections: { qualified_to: Qualified; status: string }[] }
  return connections.map(({ qualified_to: to, status }) => [to, status])
}

const isOf =
  (type: string) =>
  (event: AppEvent): boolean =>
    event.type === type

const hears = async (who: Person, of: Person, status: string): Promise<void> => {
  await who.inbox.until(`that ${of.account.handle} is ${status}`, isConnection(of, status))
}

const isConnection = (of: Person, status: string) => (events: Person['inbox']['events']) =>
  events.find((event) => {
    const connection = event['connection'] as { status: string; qualified_to: Qualified } | undefined
    return connection?.status === status && connection.qualified_to.id === of.user.id
  })

/** What another backend tells of a deleted account comes through its queue, for each connection by itself. */
const gone = async ({ app }: Person, user: Qualified): Promise<void> => {
  await eventually(async () => (await app.connection(user)) === undefined, `the connection with ${user.id} to end`)
}
