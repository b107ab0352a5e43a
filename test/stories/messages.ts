/** Stories about messages and the queue that carries them to other backends. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queue } from '#src/cli/queue.ts'
import { systemRandom } from '#src/kit/random.ts'
import { AppClient, type Qualified } from '#src/world/app-client.ts'
import type { Person } from '#src/world/person.ts'
import { encodeProteusMessage } from '#src/world/proteus-message.ts'
import { labelOf } from './chat.ts'
import { teamOf } from './team-of.ts'
import type { Telling } from './telling.ts'

export const messageStories = ({ network, people }: Telling): void => {
  test('MSG-016 MSG-017: a device that is new is reported as missing, one that is gone as deleted', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const conversation = await inGroup(alice, bob)
    const old = to(bob, [bob.client])
    await using tablet = await logInAgain(network().backend('beta.test').clientApi, bob)
    const second = await tablet.createClient({ password: bob.account.password })

    const refused = await alice.app.sendProteus(conversation, { sender: alice.client, recipients: old })
    assert.equal(refused.isDelivered, false)
    assert.deepEqual(refused.missing, { 'beta.test': { [bob.user.id]: [second] } })
    const both = to(bob, [bob.client, second])
    const sent = await alice.app.sendProteus(conversation, { sender: alice.client, recipients: both })
    assert.deepEqual([sent.isDelivered, sent.missing], [true, {}])
    await bob.receives(conversation, `for ${bob.client}`)

    const body = { password: bob.account.password }
    await tablet.http.call({ method: 'DELETE', path: `/clients/${second}`, body })
    const again = await alice.app.sendProteus(conversation, { sender: alice.client, recipients: both })
    assert.deepEqual([again.isDelivered, again.deleted], [true, { 'beta.test': { [bob.user.id]: [second] } }])
  })

  test('MSG-012: a transient message reaches the socket of another backend and no history', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const conversation = await inGroup(alice, bob)
    const recipients = { 'beta.test': { [bob.user.id]: { [bob.client]: Buffer.from('fleeting') } } }
    await alice.app.sendProteus(conversation, { sender: alice.client, recipients, transient: true })
    await bob.receives(conversation, 'fleeting')
    await alice.send(conversation, 'lasting')
    await bob.receives(conversation, 'lasting')
    const stored = JSON.stringify(await bob.app.notifications(bob.client))
    assert.ok(stored.includes(base64('lasting')))
    assert.ok(!stored.includes(base64('fleeting')))
  })

  test('a broadcast reaches the devices of team mates, and is refused while one is missing', async () => {
    await using cast = await people('alice@alpha.test', 'alex@alpha.test')
    const { alice, alex } = cast
    const broadcast = (recipients: Parameters<typeof encodeProteusMessage>[0]['recipients']) => {
      const body = encodeProteusMessage({ sender: alice.client, recipients })
      return alice.app.http.send({ method: 'POST', path: '/broadcast/proteus/messages', body })
    }
    const alone = await broadcast({})
    assert.deepEqual([alone.status, labelOf(alone.body)], [404, 'no-team'])
    await teamOf(network(), { owner: alice, members: [alex] })
    const refused = await broadcast({})
    assert.equal(refused.status, 412)
    const { missing } = refused.body as { missing: unknown }
    assert.deepEqual(missing, { 'alpha.test': { [alex.user.id]: [alex.client] } })
    assert.equal((await broadcast(to(alex, [alex.client]))).status, 201)
    // Its place is the conversation of alice with herself.
    await alex.receives({ domain: 'alpha.test', id: alice.user.id }, `for ${alex.client}`)
  })

  test('MSG-006: who is no member, or names a device that is not his, sends nothing', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'carla@alpha.test')
    const { alice, bob, carla } = cast
    const conversation = await inGroup(alice, bob)
    const stranger = await sendRaw(carla, conversation, carla.client)
    assert.deepEqual([stranger.status, labelOf(stranger.body)], [404, 'no-conversation'])
    const forged = await sendRaw(alice, conversation, 'abcdef')
    assert.deepEqual([forged.status, labelOf(forged.body)], [403, 'unknown-client'])
  })

  test('MSG-010: while the owner is away his conversation takes nothing, and nothing comes of it later', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const conversation = await inGroup(bob, alice)
    await bob.goOffline()
    await network().stop('beta.test')
    const failed = await sendRaw(alice, conversation, alice.client)
    assert.ok([521, 533].includes(failed.status), `answered ${failed.status}`)
    await network().start('beta.test')
    await bob.goOnline()
    await alice.send(conversation, 'now')
    await bob.receives(conversation, 'now')
    assert.deepEqual(bob.texts(conversation), ['now'])
  })

  test('FED-031: a lane that an operator lets rest keeps everything, and goes on when he says so', async () => {
    await using cast = await people('alice@alpha.test', 'carla@gamma.test')
    const { alice, carla } = cast
    const conversation = await inGroup(alice, carla)
    const { configFile } = network().backend('alpha.test').layout
    const command = (...words: readonly string[]) => queue([...words, '--config', configFile])
    assert.equal(await command('pause', 'gamma.test'), 0)
    await alice.send(conversation, 'kept')
    assert.equal(await command('list', '--json'), 0)
    assert.deepEqual(carla.texts(conversation), [])
    assert.equal(await command('resume', 'gamma.test'), 0)
    await carla.receives(conversation, 'kept')
    assert.equal(await command('replay', 'gamma.test', '--dry-run'), 0)
    assert.equal(await command('replay'), 2)
  })
}

const inGroup = async (owner: Person, other: Person): Promise<Qualified> => {
  await owner.connectWith(other)
  return owner.createConversation([other])
}

const to = ({ user }: Person, clients: readonly string[]) => ({
  [user.domain]: { [user.id]: Object.fromEntries(clients.map((client) => [client, Buffer.from(`for ${client}`)])) },
})

const logInAgain = async (clientApi: string, { account }: Person): Promise<AppClient> => {
  const app = new AppClient(clientApi, systemRandom)
  await app.logIn(account)
  return app
}

const sendRaw = (person: Person, { id, domain }: Qualified, sender: string) => {
  const body = encodeProteusMessage({ sender, recipients: {} })
  return person.app.http.send({ method: 'POST', path: `/conversations/${domain}/${id}/proteus/messages`, body })
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
