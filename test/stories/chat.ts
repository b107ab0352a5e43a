/** Stories about people of several backends finding each other and talking. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Telling } from './telling.ts'

export const chatStories = ({ people }: Telling): void => {
  test('USR-013 CON-001 CNV-001 MSG-001: alice finds @bob elsewhere, they connect and talk in a group', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await alice.send(conversation, 'hello bob')
    await bob.receives(conversation, 'hello bob')
    await bob.send(conversation, 'hello alice')
    const received = await alice.receives(conversation, 'hello alice')
    assert.deepEqual(received.from, bob.user)
  })

  test('CON-003 CON-002: both backends derive the same one-to-one conversation, and both can write in it', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const [hers, his] = [await alice.app.connection(bob.user), await bob.app.connection(alice.user)]
    const conversation = hers?.qualified_conversation
    assert.ok(conversation)
    assert.deepEqual(conversation, his?.qualified_conversation)
    const seen = await Promise.all([alice, bob].map(async (who) => who.app.conversation(conversation)))
    assert.deepEqual(
      seen.map(({ type, members }) => [type, members.others.map((other) => other.qualified_id)]),
      [
        [2, [bob.user]],
        [2, [alice.user]],
      ],
    )
    await alice.send(conversation, 'just us')
    await bob.receives(conversation, 'just us')
    await bob.send(conversation, 'indeed')
    await alice.receives(conversation, 'indeed')
  })

  test('CNV-001 MSG-009: people of three backends in one group all get a message, whoever writes', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carla@gamma.test')
    const { alice, bob, carla } = cast
    await alice.connectWith(bob)
    await alice.connectWith(carla)
    const conversation = await alice.createConversation([bob, carla])
    await alice.send(conversation, 'from the owner')
    await Promise.all([bob, carla].map(async (who) => who.receives(conversation, 'from the owner')))
    await carla.send(conversation, 'from a guest')
    await Promise.all([alice, bob].map(async (who) => who.receives(conversation, 'from a guest')))
    const others = await Promise.all(
      [alice, bob, carla].map(async (who) => (await who.app.conversation(conversation)).members.others.length),
    )
    assert.deepEqual(others, [2, 2, 2])
  })

  test('CON-016 CNV-004: nobody is added to a group without being connected', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const answer = await alice.app.http.send({
      method: 'POST',
      path: '/conversations',
      body: { name: 'no', qualified_users: [bob.user], receipt_mode: null },
    })
    assert.deepEqual([answer.status, labelOf(answer.body)], [403, 'not-connected'])
  })

  test('CON-005: when both have asked, both are connected', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.app.connect(bob.user)
    await bob.app.connect(alice.user)
    const statuses = [await alice.app.connection(bob.user), await bob.app.connection(alice.user)]
    assert.deepEqual(
      statuses.map((connection) => connection?.status),
      ['accepted', 'accepted'],
    )
  })

  test('NTF-002: a device that was away catches up without gap or repetition', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await bob.goOffline()
    const texts = Array.from({ length: 20 }, (_, index) => `number ${index}`)
    for (const text of texts) await alice.send(conversation, text)
    await bob.goOnline()
    await bob.receives(conversation, 'number 19')
    assert.deepEqual(bob.texts(conversation), texts)
  })

  test('CLI-004: each prekey of a remote device is handed out once, then the last resort', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const clients = { [bob.user.domain]: { [bob.user.id]: [bob.client] } }
    const claims = await Promise.all(Array.from({ length: 14 }, async () => alice.app.claimPrekeys(clients)))
    const ids = claims
      .map((claim) => claim[bob.user.domain]?.[bob.user.id]?.[bob.client]?.id)
      .toSorted((a, b) => Number(a) - Number(b))
    assert.deepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65_535, 65_535, 65_535, 65_535])
  })

  test('MSG-002 MSG-005: a missing remote device is reported and nothing is delivered', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    const refused = await alice.app.sendProteus(conversation, { sender: alice.client, recipients: {} })
    assert.equal(refused.isDelivered, false)
    assert.deepEqual(refused.missing, { [bob.user.domain]: { [bob.user.id]: [bob.client] } })
    await alice.send(conversation, 'complete')
    await bob.receives(conversation, 'complete')
    assert.deepEqual(bob.texts(conversation), ['complete'])
  })
}

export const labelOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'label' in body ? body.label : undefined
