/** What galley does when much happens at once, on whichever engine. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ConversationId, Domain, type QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import type { TestDatabases } from '#src/storage/testing.ts'
import { PRESENCE_MS } from './limits.ts'
import { presenceIn } from './presence.ts'
import { galleyStore } from './store.ts'
import type { ReliedOn } from './store-sending.ts'
import { A, B, C, client, person, startTestGalley, type TestGalley } from './testing.ts'
import { broughtInto } from './testing-elsewhere.ts'

export const galleySuite = (engine: string, databases: () => Promise<TestDatabases>): void => {
  describe(engine, () => {
    let galley: TestGalley
    before(async () => {
      galley = await startTestGalley(databases)
    })
    after(() => galley[Symbol.asyncDispose]())

    test('of many messages sent at once each has a time of its own, in the order in which they are told', () =>
      messagesAtOnce(galley))
    test('of many who make their conversation with themselves at once one makes it', () =>
      selfConversationsAtOnce(galley))
    test('a notification that comes many times at once is carried out once', () => repetitionsAtOnce(galley))
    test('requests of two users that cross end in one conversation with both in it', () => requestsThatCross(galley))
    test('a message that relied on a promise that has ended is not accepted, and those beside it are', () =>
      promiseThatEnded(galley))
    test('who is in a conversation of others is remembered, for a moment and until he is out', () =>
      presenceRemembered(galley))
    test('what was read before somebody went is not remembered', () => presenceOvertaken(galley))
    test('pages of ids are in one fixed order, whatever the engine sorts by', () => pagesInOrder(galley))
  })
}

const messagesAtOnce = async (galley: TestGalley): Promise<void> => {
  const { alice, bob, conversation } = await pairWithGroup(galley)
  await galley.queued()
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => send(galley, { from: alice, to: bob, conversation })),
  )
  const times = answers.map((answer) => ('body' in answer ? String(answer.body.time) : answer.outcome))
  assert.equal(new Set(times).size, 40)
  const { letters } = await galley.queued()
  const told = letters.map(({ entries }) => JSON.parse(entries[0]?.body ?? '').time as string)
  assert.deepEqual(told, told.toSorted())
  assert.deepEqual(told, times.toSorted())
}

const selfConversationsAtOnce = async (galley: TestGalley): Promise<void> => {
  const alice = person()
  const made = await Promise.all(Array.from({ length: 8 }, () => galley.as(alice, 'create-self-conversation', {})))
  assert.equal(made.filter(({ outcome }) => outcome === 'created').length, 1)
}

const repetitionsAtOnce = async (galley: TestGalley): Promise<void> => {
  const { bob, conversation } = await remoteGroup(galley)
  const alice = person()
  galley.parts.connects(alice, bob)
  const join = {
    time: '2026-01-02T00:00:00Z',
    origUserId: bob,
    convId: conversation,
    alreadyPresentUsers: [],
    action: { tag: 'ConversationJoinTag', action: { users: [alice], role: 'wire_member' } },
  }
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => galley.from(B, 'on-conversation-updated', join, { requestId: 'same' })),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal((await galley.queued()).told.length, 1)
}

const requestsThatCross = async (galley: TestGalley): Promise<void> => {
  const [alice, alex] = [person(), person()]
  const conversation = { domain: A, id: ConversationId.parse(person().id) }
  const both = { conversation, selfIn: true, otherIn: true, kind: 'one2one', actor: 'self' } as const
  await Promise.all([
    galley.align({ ...both, self: alice.id, other: alex }),
    galley.align({ ...both, self: alex.id, other: alice }),
    galley.align({ ...both, self: alice.id, other: alex }),
  ])
  const joins = (await galley.queued()).told.filter(({ event }) => event['type'] === 'conversation.member-join')
  assert.equal(joins.length, 2)
  const read = await galley.as(alice, 'get-conversation', { params: { domain: A, conversation: conversation.id } })
  assert.ok(read.outcome === 'found')
  assert.deepEqual(
    read.body.members.others.map(({ qualified_id: other }) => other),
    [alex],
  )
}

const promiseThatEnded = async (galley: TestGalley): Promise<void> => {
  const { conversation } = await pairWithGroup(galley)
  const store = galleyStore(galley.db)
  const [b, c] = [await store.generationOf(B), await store.generationOf(C)]
  await store.endGeneration(B)
  const relyingOn = (...promises: readonly ReliedOn[]) => ({
    conversation,
    revision: 0,
    promises,
    now: galley.clock.now().getTime(),
    letters: [],
  })
  const onB = { domain: B, generation: b }
  const onC = { domain: C, generation: c }
  const times = await store.accept([
    relyingOn(onC, onB),
    relyingOn(onC),
    relyingOn(),
    relyingOn({ domain: B, generation: b + 1 }),
    relyingOn({ domain: Domain.parse('nobody-asked.example'), generation: 0 }),
  ])
  assert.deepEqual(
    times.map((time) => time !== undefined),
    [false, true, true, true, false],
  )
  assert.deepEqual([await store.generationOf(B), await store.generationOf(C)], [b + 1, c])
}

/** Presence whose questions to the database are counted, and may be held up after they were answered. */
const countedPresence = (galley: TestGalley, answered = async (): Promise<void> => {}) => {
  const store = galleyStore(galley.db)
  const asked: number[] = []
  const placesTaken = async (places: Parameters<typeof store.placesTaken>[0]) => {
    asked.push(places.length)
    const taken = await store.placesTaken(places)
    await answered()
    return taken
  }
  return { store, asked, presence: presenceIn({ store: { ...store, placesTaken }, clock: galley.clock }) }
}

const presenceRemembered = async (galley: TestGalley): Promise<void> => {
  const conversation = { domain: B, id: ConversationId.parse(person().id) }
  const [alice, alex, nobody] = [person().id, person().id, person().id]
  const { store, asked, presence } = countedPresence(galley)
  await store.addMemberships(conversation, [alice, alex])
  assert.deepEqual(await presence.among(conversation, [alice, nobody, alex]), [alice, alex])
  assert.deepEqual(await presence.among(conversation, [alex, alice]), [alex, alice])
  // Who was not in is asked about each time.
  await store.addMemberships(conversation, [nobody])
  assert.deepEqual(await presence.among(conversation, [nobody, alice]), [nobody, alice])
  assert.deepEqual(asked, [3, 1])
  await store.transaction((tx) => tx.removeMemberships(conversation, [alice]))
  assert.deepEqual(await presence.among(conversation, [alice, alex]), [alex])
  await store.forgetConversation(conversation)
  assert.deepEqual(await presence.among(conversation, [alex]), [])
  await store.addMemberships(conversation, [alex])
  assert.deepEqual(await presence.among(conversation, [alex]), [alex])
  // As another process of this backend does it.
  await galleyStore(galley.db).takeMemberships(alex, 10)
  await galley.clock.advance(PRESENCE_MS)
  assert.deepEqual(await presence.among(conversation, [alex]), [])
}

const presenceOvertaken = async (galley: TestGalley): Promise<void> => {
  const conversation = { domain: B, id: ConversationId.parse(person().id) }
  const alice = person().id
  const goes = async (): Promise<void> => store.transaction((tx) => tx.removeMemberships(conversation, [alice]))
  const { store, presence } = countedPresence(galley, goes)
  await store.addMemberships(conversation, [alice])
  assert.deepEqual(await presence.among(conversation, [alice]), [alice])
  assert.deepEqual(await presence.among(conversation, [alice]), [])
}

const pagesInOrder = async (galley: TestGalley): Promise<void> => {
  const alice = person()
  galley.parts.registers(alice)
  for (let n = 0; n < 5; n += 1) await galley.as(alice, 'create-conversation', { body: {} })
  for (let n = 0; n < 3; n += 1) await remoteGroup(galley, [alice])
  const one = await galley.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(one.outcome === 'page')
  const paged = await pagesOf(galley, alice)
  assert.equal(paged.length, 9)
  assert.deepEqual(paged, one.body.qualified_conversations)
}

const pagesOf = async (galley: TestGalley, user: QualifiedUserId, state = ''): Promise<unknown[]> => {
  const page = await galley.as(user, 'list-conversation-ids', { body: { size: 2, paging_state: state } })
  assert.ok(page.outcome === 'page')
  const { qualified_conversations: ids, has_more: hasMore, paging_state: next } = page.body
  return hasMore ? [...ids, ...(await pagesOf(galley, user, next))] : ids
}

const pairWithGroup = async (galley: TestGalley) => {
  const [alice, bob] = [person(), person(B)]
  galley.parts.registers(alice, { clients: [client('a1')] })
  galley.parts.connects(alice, bob)
  galley.backends.plays(B, {
    rpcs: { 'on-conversation-created': () => ({}), 'get-user-clients': () => ({ [bob.id]: [{ id: 'b1' }] }) },
  })
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [bob] } })
  assert.ok(made.outcome === 'created')
  return { alice, bob, conversation: made.body.id }
}

interface Sending {
  readonly from: QualifiedUserId
  readonly to: QualifiedUserId
  readonly conversation: ConversationId
}

const send = (galley: TestGalley, { from, to, conversation }: Sending) =>
  galley.as(
    from,
    'post-message',
    {
      params: { domain: A, conversation },
      body: encodeProteusMessage({
        sender: client('a1'),
        recipients: new Map([[to.domain, new Map([[to.id, new Map([[client('b1'), Buffer.from('text')]])]])]]),
        nativePush: true,
        blob: new Uint8Array(),
        priority: undefined,
        transient: false,
        strategy: { kind: 'report-all' },
      }),
    },
    { headers: { 'content-type': 'application/x-protobuf' } },
  )

const remoteGroup = async (galley: TestGalley, ours: readonly QualifiedUserId[] = []) => {
  const bob = person(B)
  const { id: conversation } = await broughtInto(galley, bob, ours)
  await galley.queued()
  return { bob, conversation }
}
