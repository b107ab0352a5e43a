/** Stories about backends that go away, gently or not, and come back. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Telling } from './telling.ts'

export const outageStories = ({ network, people }: Telling): void => {
  test('FED-031: what alice sends while beta is down arrives once each and in order', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await alice.send(conversation, 'before')
    await bob.receives(conversation, 'before')
    await bob.goOffline()
    await network().stop('beta.test')
    for (const text of ['one', 'two', 'three']) await alice.send(conversation, text)
    await network().start('beta.test')
    await bob.goOnline()
    await bob.receives(conversation, 'three')
    assert.deepEqual(bob.texts(conversation), ['before', 'one', 'two', 'three'])
  })

  test('nothing acknowledged is lost or doubled when both backends are killed', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await alice.send(conversation, 'warm')
    await bob.receives(conversation, 'warm')
    await bob.goOffline()
    await network().kill('beta.test')

    const acknowledged: string[] = []
    const sendUntilKilled = async (first: number, last: number): Promise<void> => {
      for (let index = first; index <= last; index++) {
        await alice.send(conversation, `m${index}`)
        acknowledged.push(`m${index}`)
      }
    }
    await sendUntilKilled(1, 40)
    // The kill hits while messages are under way: whether the one in flight counts is decided by its answer.
    const sending = sendUntilKilled(41, 70).catch(() => undefined)
    await new Promise<void>((resolve) => {
      const check = (): void => (acknowledged.length >= 50 ? resolve() : void setImmediate(check))
      check()
    })
    await network().kill('alpha.test')
    await sending
    await network().start('alpha.test')
    await alice.goOnline()
    await sendUntilKilled(71, 130 - (acknowledged.length - 40))

    await network().start('beta.test')
    await bob.goOnline()
    const last = acknowledged.at(-1) ?? ''
    await bob.receives(conversation, last)
    const received = bob.texts(conversation).slice(1)
    // A message whose answer was lost in the crash may have been stored: it counts as sent, once and in its place.
    const unacknowledged = received.filter((text) => !acknowledged.includes(text))
    assert.ok(unacknowledged.length <= 1, `more than the one in flight: ${unacknowledged.join(' ')}`)
    assert.deepEqual(
      received.filter((text) => acknowledged.includes(text)),
      acknowledged,
    )
    assert.ok(acknowledged.length >= 100)
  })

  test('CNV-002: a group is not created while a member’s backend is down', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    await network().stop('beta.test')
    const before = await alice.app.conversations()
    const answer = await alice.app.http.send({
      method: 'POST',
      path: '/conversations',
      body: { name: 'no', qualified_users: [bob.user], receipt_mode: null },
    })
    assert.deepEqual([answer.status, answer.body], [533, { unreachable_backends: ['beta.test'] }])
    assert.deepEqual(await alice.app.conversations(), before)
    await network().start('beta.test')
  })

  test('MSG-007 FED-016 USR-002: what works and what fails while a backend is down', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await network().stop('beta.test')

    const profile = await alice.app.http.send({ method: 'GET', path: `/users/beta.test/${bob.user.id}` })
    assert.ok([521, 533].includes(profile.status), `answered ${profile.status}`)
    const listed = await alice.app.http.send({
      method: 'POST',
      path: '/list-users',
      body: { qualified_ids: [alice.user, bob.user] },
    })
    assert.deepEqual(listed.status, 200)
    assert.deepEqual((listed.body as { failed: unknown }).failed, [bob.user])
    const recipients = { [bob.user.domain]: { [bob.user.id]: { [bob.client]: Buffer.from('later') } } }
    const sent = await alice.app.sendProteus(conversation, { sender: alice.client, recipients })
    assert.equal(sent.isDelivered, true)
    assert.deepEqual(sent.failed_to_confirm_clients, { [bob.user.domain]: { [bob.user.id]: [bob.client] } })

    await network().start('beta.test')
    await bob.goOnline()
    await bob.receives(conversation, 'later')
  })
}
