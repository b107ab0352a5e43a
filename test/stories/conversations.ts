/** Stories about groups whose members live on three backends, and everything that changes in them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelOf } from './chat.ts'
import { add, change, hears, idsOf, leave, membersSeenBy, promote, remove, timesHeard, type } from './group-calls.ts'
import type { Telling } from './telling.ts'

export const conversationStories = ({ people }: Telling): void => {
  test('CNV-001 CNV-013 CNV-019: people come and go, and all others hear of it once, wherever they are', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test', 'bob@beta.test', 'carla@gamma.test')
    const { alice, alex, bob, carla } = cast
    for (const friend of [alex, bob, carla]) await alice.connectWith(friend)
    const group = await alice.createConversation([alex, bob])
    const added = await add(alice, group, [carla])
    assert.equal(added.status, 200)
    for (const who of [alex, bob, carla]) await hears(who, group, 'member-join', carla.user.id)
    assert.equal((await add(alice, group, [carla])).status, 204)
    const seen = await Promise.all([alice, bob, carla].map(async (who) => membersSeenBy(who, group)))
    assert.deepEqual(
      seen,
      [alice, bob, carla].map(() => idsOf(alice, alex, bob, carla)),
    )
    await carla.send(group, 'here I am')
    for (const who of [alice, alex, bob]) await who.receives(group, 'here I am')

    assert.equal((await remove(alice, group, bob)).status, 200)
    for (const who of [alex, bob, carla]) await hears(who, group, 'member-leave', bob.user.id)
    assert.equal((await remove(alice, group, bob)).status, 204)
    assert.deepEqual(await membersSeenBy(carla, group), idsOf(alice, alex, carla))
    const gone = await bob.app.http.send({ method: 'GET', path: `/conversations/${group.domain}/${group.id}` })
    assert.equal(gone.status, 404)
    await alice.send(group, 'without bob')
    await carla.receives(group, 'without bob')
    assert.deepEqual(bob.texts(group), ['here I am'])
    for (const who of [alex, carla]) assert.equal(timesHeard(who, group, 'member-leave', bob.user.id), 1)
  })

  test('CNV-020 CNV-021: who leaves a group of another backend is gone there and here', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'brad@beta.test', 'carla@gamma.test')
    const { alice, bob, brad, carla } = cast
    for (const friend of [bob, brad, carla]) await alice.connectWith(friend)
    const group = await alice.createConversation([bob, brad, carla])
    const left = await leave(bob, group)
    assert.equal(left.status, 200)
    for (const who of [alice, brad, carla]) await hears(who, group, 'member-leave', bob.user.id)
    assert.equal((await leave(bob, group)).status, 404)
    assert.ok(!(await bob.app.conversations()).some(({ id }) => id === group.id))
    assert.deepEqual(await membersSeenBy(brad, group), idsOf(alice, brad, carla))
    await carla.send(group, 'still here')
    await brad.receives(group, 'still here')
    assert.deepEqual(bob.texts(group), [])
    for (const who of [alice, brad, carla]) assert.equal(timesHeard(who, group, 'member-leave', bob.user.id), 1)
  })

  test('CNV-024 CNV-026 CNV-027 CNV-031: what an admin changes, all members hear on every backend', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carla@gamma.test')
    const { alice, bob, carla } = cast
    for (const friend of [bob, carla]) await alice.connectWith(friend)
    const group = await alice.createConversation([bob, carla])
    const roles = ['team_member', 'non_team_member', 'guest', 'service']
    const statuses = [
      (await change(alice, group, 'name', { name: 'better' })).status,
      (await change(alice, group, 'message-timer', { message_timer: 1000 })).status,
      (await change(alice, group, 'message-timer', { message_timer: 1000 })).status,
      (await change(alice, group, 'access', { access: ['invite', 'code'], access_role: roles })).status,
      (await promote(alice, group, bob)).status,
    ]
    assert.deepEqual(statuses, [200, 200, 204, 200, 200])
    for (const who of [bob, carla]) {
      await hears(who, group, 'rename', 'better')
      await hears(who, group, 'message-timer-update', '1000')
      await hears(who, group, 'access-update', 'non_activated')
      await hears(who, group, 'member-update', bob.user.id)
    }
    assert.equal((await change(carla, group, 'receipt-mode', { receipt_mode: 1 })).status, 403)
    assert.equal((await change(bob, group, 'receipt-mode', { receipt_mode: 1 })).status, 200)
    for (const who of [alice, carla]) await hears(who, group, 'receipt-mode-update', '1')
    const refused = await change(bob, group, 'name', { name: 'from elsewhere' })
    assert.deepEqual([refused.status, labelOf(refused.body)], [422, 'federation-not-implemented'])
  })

  test('CNV-037: who types is seen on all backends by all but himself', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carla@gamma.test')
    const { alice, bob, carla } = cast
    for (const friend of [bob, carla]) await alice.connectWith(friend)
    const group = await alice.createConversation([bob, carla])
    assert.equal((await type(alice, group)).status, 200)
    for (const who of [bob, carla]) await hears(who, group, 'typing', 'started')
    assert.equal((await type(bob, group)).status, 200)
    const from = (id: string) => (events: readonly object[]) =>
      events.find((event) => JSON.stringify(event).includes(id) && JSON.stringify(event).includes('typing'))
    for (const who of [alice, carla]) await who.inbox.until('that bob types', from(bob.user.id))
    assert.equal(timesHeard(alice, group, 'typing'), 1)
    assert.equal(timesHeard(bob, group, 'typing'), 1)
  })

  test('CNV-035 CNV-036: what bob sets up for himself stays with him', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const group = await alice.createConversation([bob])
    const own = async () =>
      (await bob.app.http.call({ method: 'GET', path: `/conversations/${group.domain}/${group.id}/self` })).body as {
        conversation_role: string
        otr_archived: boolean
      }
    assert.deepEqual([(await own()).conversation_role, (await own()).otr_archived], ['wire_member', false])
    assert.equal((await change(bob, group, 'self', { otr_archived: true })).status, 200)
    assert.equal((await own()).otr_archived, true)
    assert.equal(timesHeard(alice, group, 'member-update'), 0)
  })
}
