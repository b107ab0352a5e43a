/** What can be done with groups while some of their backends are away, and what the others learn when they are back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, change, create, hears, hearsOfDeletion, leave, remove, timesHeard } from './group-calls.ts'
import type { Telling } from './telling.ts'

export const conversationOutages = ({ network, people }: Telling): void => {
  test('CNV-002 CNV-014 CNV-019 CNV-026: what waits for a backend that is down, and what does not', async () => {
    await using cast = await people(
      'alice@alpha.test',
      'amy@alpha.test',
      'bob@beta.test',
      'brad@beta.test',
      'carla@gamma.test',
      'chris@gamma.test',
    )
    const { alice, amy, bob, brad, carla, chris } = cast
    for (const friend of [amy, bob, brad, carla, chris]) await alice.connectWith(friend)
    const group = await alice.createConversation([carla])
    await network().stop('gamma.test')
    const unreachable = [533, { unreachable_backends: ['gamma.test'] }]
    const newcomer = await add(alice, group, [bob])
    assert.deepEqual([newcomer.status, newcomer.body], unreachable)
    const created = await create(alice, [bob, carla])
    assert.deepEqual([created.status, created.body], unreachable)
    await network().start('gamma.test')
    await carla.goOnline()
    assert.equal((await add(alice, group, [bob])).status, 200)
    await hears(bob, group, 'member-join', bob.user.id)

    await carla.goOffline()
    await network().stop('gamma.test')
    assert.equal((await add(alice, group, [brad])).status, 200)
    const another = await add(alice, group, [chris])
    assert.deepEqual([another.status, another.body], unreachable)
    assert.equal((await add(alice, group, [amy])).status, 200)
    assert.equal((await remove(alice, group, bob)).status, 200)
    assert.equal((await change(alice, group, 'name', { name: 'meanwhile' })).status, 200)
    for (const who of [amy, brad]) await hears(who, group, 'rename', 'meanwhile')
    await network().start('gamma.test')
    await carla.goOnline()
    await hears(carla, group, 'member-join', brad.user.id)
    await hears(carla, group, 'member-leave', bob.user.id)
    await hears(carla, group, 'rename', 'meanwhile')
  })

  test('FED-032 DEL-002 DEL-003 DEL-011: gamma is away while del talks, goes and is gone', async () => {
    await using cast = await people(
      'del@alpha.test',
      'olga@beta.test',
      'otto@beta.test',
      'oskar@beta.test',
      'dora@gamma.test',
      'dirk@gamma.test',
    )
    const { del, olga, otto, oskar, dora, dirk } = cast
    for (const friend of [olga, otto, oskar, dora, dirk]) await del.connectWith(friend)
    await dora.connectWith(olga)
    const onAlpha = await del.createConversation([olga, otto, dora])
    const onGamma = await dora.createConversation([olga, del])
    for (const group of [onAlpha, onGamma]) {
      await del.send(group, 'before')
      await dora.receives(group, 'before')
    }
    await dora.goOffline()
    await network().stop('gamma.test')

    await del.send(onAlpha, 'while gamma is away')
    await olga.receives(onAlpha, 'while gamma is away')
    const recipients = { [olga.user.domain]: { [olga.user.id]: { [olga.client]: Buffer.from('lost') } } }
    const refused = del.app.sendProteus(onGamma, { sender: del.client, recipients })
    await assert.rejects(refused, /answered 5(21|33)/)
    assert.equal((await create(del, [olga, dora])).status, 533)
    assert.equal((await add(del, onAlpha, [oskar])).status, 200)
    assert.equal((await add(del, onAlpha, [dirk])).status, 533)
    assert.equal((await remove(del, onAlpha, otto)).status, 200)
    await hears(olga, onAlpha, 'member-leave', otto.user.id)
    assert.equal((await leave(del, onAlpha)).status, 200)
    await hears(olga, onAlpha, 'member-leave', del.user.id)
    const { password } = del.account
    const deleted = await del.app.http.send({ method: 'DELETE', path: '/self', body: { password } })
    assert.equal(deleted.status, 200)
    await hearsOfDeletion(olga, del)

    await network().start('gamma.test')
    await dora.goOnline()
    await dora.receives(onAlpha, 'while gamma is away')
    await hears(dora, onAlpha, 'member-leave', del.user.id)
    await hears(dora, onGamma, 'member-leave', del.user.id)
    await hearsOfDeletion(dora, del)
    assert.equal(timesHeard(dora, onGamma, 'member-leave', del.user.id), 1)
    await hears(olga, onGamma, 'member-leave', del.user.id)
  })
}
