/**
 * The life of an account as the stock client leads it, on backends that mail: nothing is known in advance, the code is
 * read from the mail.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { EMBEDDED, TestNetwork } from '../src/world/test-network.ts'
import { codeIn, type MailServer, startMailServer } from '../test/services/mail-server.ts'
import type { Account, Heard, QualifiedId } from './device.ts'
import type { Person } from './person.ts'

const isInstalled = existsSync(new URL('node_modules/@wireapp/api-client', import.meta.url))
const noClient = !isInstalled && 'the stock client is not installed (npm ci --prefix interop)'

describe('stock clients, backends that send mail', { skip: noClient }, () => {
  let post: MailServer
  let network: TestNetwork
  before(async () => {
    post = await startMailServer()
    const email = { smtpUrl: post.url, from: 'Comity <no-reply@alpha.test>' }
    // Without the code of development mode: what opens an account is what was mailed.
    const settings = { email, development: { insecureCookies: true } }
    network = await TestNetwork.start(['alpha.test', 'beta.test'], { ...EMBEDDED, settings })
  })
  after(async () => {
    await network[Symbol.asyncDispose]()
    await post[Symbol.asyncDispose]()
  })

  const atDevice = async (domain: string): Promise<Person> => {
    const { Person } = await import('./person.ts')
    const person = new Person(network.backend(domain).clientApi)
    await person.device.negotiate()
    return person
  }

  /** Registers with the code that was mailed, and is online with a device. */
  const openAccount = async (person: Person, account: Account): Promise<{ id: QualifiedId; device: string }> => {
    await person.device.askForCode(account)
    const code = codeIn(await post.mailTo(account.email))
    await assert.rejects(person.device.register(account, code === '000000' ? '000001' : '000000'), /invalid-code|code/i)
    const id = await person.device.register(account, code)
    await person.device.takeHandle(handleOf(account))
    const device = await person.device.registerDevice(account.password)
    await person.device.goOnline()
    return { id, device }
  }

  test('from the mail that opens an account to its end, with the peer told of all that concerns him', async () => {
    const [alice, bob] = [accountOf('alice', 'alpha.test'), accountOf('bob', 'beta.test')]
    await using laptop = await atDevice('alpha.test')
    await using peer = await atDevice('beta.test')
    const hers = await openAccount(laptop, alice)
    const his = await openAccount(peer, bob)

    await using phone = await atDevice('alpha.test')
    assert.deepEqual(await phone.device.login(alice), hers.id)
    const second = await phone.device.registerDevice(alice.password)
    await phone.device.goOnline()
    await laptop.hears('the second device', isOf('user.client-add'))
    assert.deepEqual((await laptop.device.ownDevices()).toSorted(), [hers.device, second].toSorted())

    assert.deepEqual(await laptop.device.find(handleOf(bob), 'beta.test'), his.id)
    assert.equal(await laptop.device.connectWith(his.id), 'sent')
    await peer.hears('the wish to connect', isConnection('pending'))
    assert.equal(await peer.device.accept(hers.id), 'accepted')
    await laptop.hears('that he accepted', isConnection('accepted'))
    await phone.hears('that he accepted', isConnection('accepted'))
    assert.equal(await laptop.device.block(his.id), 'blocked')
    await phone.hears('that he is blocked', isConnection('blocked'))
    assert.deepEqual(await peer.device.connections(), [{ to: hers.id.id, status: 'accepted' }])
    assert.equal(await laptop.device.accept(his.id), 'accepted')

    const group = await laptop.device.createGroup('to the end', [his.id])
    await peer.hears('the new group', isOf('conversation.create'))
    await laptop.device.removeDevice(second, alice.password)
    await phone.hears('that it was removed', isOf('user.client-remove'))
    assert.deepEqual(await laptop.device.ownDevices(), [hers.device])
    await peer.device.send(group, 'still there?')
    await laptop.hears('what he wrote', ({ text }) => text === 'still there?')

    await laptop.device.deleteAccount(alice.password)
    await peer.hears('that she is gone', ({ event }) => event.type === 'user.delete' && event.id === hers.id.id)
    await peer.hears('that she left the group', isOf('conversation.member-leave'))
    assert.deepEqual(await peer.device.membersOf(group), [])
    await using again = await atDevice('alpha.test')
    await assert.rejects(again.device.login(alice))
  })
})

const accountOf = (name: string, domain: string): Account => ({
  name: `${name} of ${domain}`,
  email: `${name}@${domain}`,
  password: 'correct horse battery',
})

const handleOf = ({ email }: Account): string => email.slice(0, email.indexOf('@'))

const isOf =
  (type: string) =>
  ({ event }: Heard): boolean =>
    event.type === type

const isConnection =
  (status: string) =>
  ({ event }: Heard): boolean =>
    event.type === 'user.connection' && event.connection.status === status
