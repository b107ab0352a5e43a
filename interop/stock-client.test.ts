/**
 * Stock clients on two backends. What one encrypts the other decrypts, so every byte between them was carried as the
 * client expects. Runs on a world of its own for each ingress, or on the one that COMITY_READY_FILE names.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { findExecutable } from '../src/world/executables.ts'
import type { Account, Heard, QualifiedId } from './device.ts'
import type { Person } from './person.ts'
import { type Backend, type Ingress, type World, world as startOrFind } from './world.ts'

// Loaded only where it is installed: see docs/decisions/interop-package.md.
const isInstalled = existsSync(new URL('node_modules/@wireapp/api-client', import.meta.url))
const noClient = !isInstalled && 'the stock client is not installed (npm ci --prefix interop)'
const noNginx = (await findExecutable('nginx')) === undefined && 'nginx is not installed'

describe('stock clients, built-in ingress', { skip: noClient }, () => stories('builtin'))
describe('stock clients, nginx', { skip: noClient || noNginx, tags: ['nginx'] }, () => stories('nginx'))

function stories(ingress: Ingress): void {
  let world: World
  before(async () => {
    world = await startOrFind(ingress)
  })
  after(async () => world[Symbol.asyncDispose]())

  test('a client registers, logs in, renews its access and names itself', async () => {
    const [alpha] = backendsOf(world)
    const account = newAccount('alice', alpha)
    await using first = await atDevice(alpha)
    const registered = await first.device.register(account)
    assert.equal(registered.domain, alpha.domain)
    await first.device.takeHandle(handleOf(account))

    await using second = await atDevice(alpha)
    assert.deepEqual(await second.device.login(account), registered)
    await second.device.loseAccess()
    assert.deepEqual(await second.device.profile(), { name: account.name, handle: handleOf(account) })
    const client = await second.device.registerDevice(account.password)
    await second.device.renewAccess()
    assert.deepEqual(await second.device.ownDevices(), [client])
    await second.device.logout()
    await assert.rejects(second.device.ownDevices())
  })

  test('two people of two backends find each other, connect, and read each other in a group', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await alice.device.createGroup('the two of us', [bob.id])
    await bob.hears('the new group', isIn(conversation, 'conversation.create'))
    assert.deepEqual(await bob.device.membersOf(conversation), [alice.id.id])

    await alice.device.send(conversation, 'Guten Tag, Bob. 🌍')
    const { by, text } = await bob.hears('what alice wrote', isIn(conversation, 'conversation.otr-message-add'))
    assert.deepEqual({ by, text }, { by: 'websocket', text: 'Guten Tag, Bob. 🌍' })

    await bob.device.send(conversation, 'Grüezi, Alice.')
    await alice.device.send(conversation, 'And once more.')
    await alice.hears('the answer', hasText('Grüezi, Alice.'))
    await bob.hears('the second message', hasText('And once more.'))
    assert.deepEqual(alice.texts(), ['Grüezi, Alice.'])
    assert.deepEqual(bob.texts(), ['Guten Tag, Bob. 🌍', 'And once more.'])
  })

  test('who was away reads what was missed, once and in order, and then what is new', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await bob.device.createGroup('patience', [alice.id])
    await alice.hears('the new group', isIn(conversation, 'conversation.create'))
    await alice.device.goOffline()
    await bob.device.send(conversation, 'one')
    await bob.device.send(conversation, 'two')
    await bob.device.send(conversation, 'three')

    await alice.device.goOnline()
    await bob.device.send(conversation, 'four')
    await alice.hears('the fourth message', hasText('four'))
    assert.deepEqual(alice.texts(), ['one', 'two', 'three', 'four'])
    assert.equal(alice.heard.find(hasText('one'))?.by, 'catch-up')
    assert.equal(alice.heard.find(hasText('four'))?.by, 'websocket')
  })

  test('an image that is sent encrypted on one backend is fetched and decrypted on another one', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await alice.device.createGroup('pictures', [bob.id])
    await bob.hears('the new group', isIn(conversation, 'conversation.create'))
    const image = randomBytes(300_000)
    const sent = await alice.device.sendFile(conversation, image)
    assert.equal(sent.domain, alice.id.domain)
    const { file } = await bob.hears('the image', ({ file: heard }) => heard?.key === sent.key)
    assert.ok(file)
    assert.ok(Buffer.from(await bob.device.fetchFile(file)).equals(image), 'it is another image')

    const notFound = /status code 404/
    const unknown = { ...file, key: '3-5-00000000-0000-4000-8000-00000000dead' }
    await assert.rejects(bob.device.fetchFile({ ...file, token: 'd3Jvbmc=' }), notFound)
    await assert.rejects(bob.device.fetchFile(unknown), notFound)
    await assert.rejects(alice.device.fetchFile(unknown), notFound)
    await assert.rejects(bob.device.fetchFile({ ...file, domain: 'nowhere.test' }), /status code 4(00|22)/)
    await assert.rejects(bob.device.deleteFile(file), /Assets of other backends cannot be deleted/)
    await alice.device.deleteFile(file)
    await assert.rejects(bob.device.fetchFile(file), notFound)
    await assert.rejects(alice.device.fetchFile(file), notFound)
  })

  test('a file that is kept for a while only can be fetched until then, and by nobody afterwards', async (context) => {
    const { volatileSeconds } = world
    if (volatileSeconds === undefined) return context.skip('this world keeps volatile assets for weeks')
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await alice.device.createGroup('passing pictures', [bob.id])
    await bob.hears('the new group', isIn(conversation, 'conversation.create'))
    const image = randomBytes(3_000)
    const sent = await alice.device.sendFile(conversation, image, { isVolatile: true })
    const { file } = await bob.hears('the image', ({ file: heard }) => heard?.key === sent.key)
    assert.ok(file)
    assert.ok(Buffer.from(await bob.device.fetchFile(file)).equals(image), 'it is another image')
    await sleep(volatileSeconds * 1_000)
    await assert.rejects(bob.device.fetchFile(file), /status code 404/)
    await assert.rejects(alice.device.fetchFile(file), /status code 404/)
  })

  test('both devices of a person read what another backend sends', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await alice.device.createGroup('two devices', [bob.id])
    await alice.device.send(conversation, 'to the first')
    await bob.hears('the first message', hasText('to the first'))
    await using tablet = await atDevice(backendsOf(world)[1])
    await tablet.device.login(bob.account)
    await tablet.device.registerDevice(bob.account.password)
    await tablet.device.goOnline()

    await alice.device.send(conversation, 'to both')
    await bob.hears('the second message', hasText('to both'))
    await tablet.hears('the second message', hasText('to both'))
    await bob.device.send(conversation, 'from the first')
    await tablet.hears('what the other device sent', hasText('from the first'))
    assert.deepEqual(bob.texts(), ['to the first', 'to both'])
    assert.deepEqual(tablet.texts(), ['to both', 'from the first'])
  })

  test('a device that the sender does not know is reported, and the message sent again to all', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    const conversation = await alice.device.createGroup('a new device', [bob.id])
    const { refusals } = await alice.device.sendWithStaleDevices(conversation, 'who is there?')
    await bob.hears('the message', hasText('who is there?'))
    assert.equal(refusals, 1)
    assert.deepEqual(bob.texts(), ['who is there?'])
  })

  test('of a device that is deleted between two messages the sender learns, and it hears nothing more', async () => {
    await using pair = await alphaMeetsBeta(world)
    const { alice, bob } = pair
    await using tablet = await atDevice(backendsOf(world)[1])
    await using laptop = await atDevice(backendsOf(world)[1])
    const gone = await atSecondDevice(tablet, bob)
    const conversation = await alice.device.createGroup('one device less', [bob.id])
    const devices = await alice.device.knownDevices(conversation)
    await alice.device.sendToKnown(conversation, { devices, text: 'to both' })
    await Promise.all([bob, tablet].map((one) => one.hears('the first message', hasText('to both'))))

    await bob.device.removeDevice(gone, bob.account.password)
    await tablet.hears('its end', ({ event }) => event.type === 'user.client-remove')
    const deleted = [`${bob.id.domain}/${bob.id.id}/${gone}`]
    const second = await alice.device.sendToKnown(conversation, { devices, text: 'to the first' })
    assert.deepEqual([second.refusals, second.deleted], [0, deleted])
    // A device in its place has to be written to, so this one is refused and sent again.
    await atSecondDevice(laptop, bob)
    const third = await alice.device.sendToKnown(conversation, { devices, text: 'to both again' })
    assert.deepEqual([third.refusals, third.deleted], [1, deleted])
    await Promise.all([bob, laptop].map((one) => one.hears('the last message', hasText('to both again'))))
    assert.deepEqual(bob.texts(), ['to both', 'to the first', 'to both again'])
    assert.deepEqual(laptop.texts(), ['to both again'])
    assert.deepEqual(tablet.texts(), ['to both'])
  })

  test('people of three backends, two devices each, change a group, and every device reads everything', async () => {
    await using opened = new AsyncDisposableStack()
    const { alice, bob, carla, devices } = await threeWithTwoDevices(world, opened)
    const conversation = await alice.device.createGroup('before', [bob.id])
    // The device that asks has the answer instead.
    const everywhereBut = (asking: Person, what: string, isIt: (heard: Heard) => boolean) =>
      Promise.all(devices.filter((one) => one !== asking).map((one) => one.hears(what, isIt)))
    assert.equal(await alice.device.addTo(conversation, [carla.id]), 'conversation.member-join')
    await everywhereBut(alice, 'that carla came', isIn(conversation, 'conversation.member-join'))
    assert.equal(await alice.device.rename(conversation, 'after'), 'conversation.rename')
    await everywhereBut(alice, 'the new name', isIn(conversation, 'conversation.rename'))
    assert.equal(await alice.device.confirmsReading(conversation), 'conversation.receipt-mode-update')
    await everywhereBut(alice, 'that reading is confirmed', isIn(conversation, 'conversation.receipt-mode-update'))

    const texts = devices.map((_, number) => `from device ${number}`)
    await inTurn(devices, async (one, number) => one.device.sendAll(conversation, [texts[number] ?? '']))
    await Promise.all(devices.map(async (one, number) => one.hears('the last text', hasText(lastBut(texts, number)))))
    for (const [number, one] of devices.entries()) assert.deepEqual(one.texts(), texts.toSpliced(number, 1))

    const { messageId = '' } = await bob.hears('the first text', hasText(texts[0] ?? ''))
    await bob.device.confirmReading(conversation, messageId)
    await Promise.all(
      devices.filter((one) => one !== bob).map((one) => one.hears('that bob read it', hasReadReceipt(messageId))),
    )
    await carla.device.types(conversation)
    await alice.hears('that carla types', isIn(conversation, 'conversation.typing'))
    await bob.hears('that carla types', isIn(conversation, 'conversation.typing'))

    assert.equal(await bob.device.removeFrom(conversation, bob.id), 'conversation.member-leave')
    await everywhereBut(bob, 'that bob left', isIn(conversation, 'conversation.member-leave'))
    assert.equal(await alice.device.removeFrom(conversation, carla.id), 'conversation.member-leave')
    await carla.hears('that she was removed', isRemoved(carla.id))
    assert.deepEqual(await alice.device.membersOf(conversation), [])
  })

  test('a device that was away for 500 messages reads each of them once, in order', async () => {
    await using opened = new AsyncDisposableStack()
    const { alice, bob, carla, tablet } = await threeWithTwoDevices(world, opened)
    const conversation = await alice.device.createGroup('much to say', [bob.id, carla.id])
    await bob.hears('the new group', isIn(conversation, 'conversation.create'))
    await tablet.device.goOffline()
    const texts = Array.from({ length: 500 }, (_, number) => `number ${number}`)
    await bob.device.sendAll(conversation, texts)
    await tablet.device.goOnline()
    await bob.device.sendAll(conversation, ['and one more'])
    await tablet.hears('the last message', hasText('and one more'))
    assert.deepEqual(tablet.texts(), [...texts, 'and one more'])
    await carla.hears('the last message', hasText('and one more'))
    assert.deepEqual(carla.texts(), [...texts, 'and one more'])
  })
}

interface Three {
  readonly alice: Member
  readonly bob: Member
  readonly carla: Member
  /** Carla's second. */
  readonly tablet: Person
  readonly devices: readonly Person[]
}

/** Each at a backend of her own, online with two devices; alice is connected with both others. */
async function threeWithTwoDevices(world: World, opened: AsyncDisposableStack): Promise<Three> {
  const [alpha, beta, gamma] = world.backends
  assert.ok(alpha && beta && gamma, 'this story needs three backends')
  const alice = opened.use(await newMember('alice', alpha))
  const bob = opened.use(await newMember('bob', beta))
  const carla = opened.use(await newMember('carla', gamma))
  const seconds: Person[] = []
  for (const [member, backend] of [
    [alice, alpha],
    [bob, beta],
    [carla, gamma],
  ] as const) {
    const second = opened.use(await atDevice(backend))
    await atSecondDevice(second, member)
    seconds.push(second)
  }
  await befriend(alice, bob)
  await befriend(alice, carla)
  const tablet = seconds[2]
  assert.ok(tablet)
  return { alice, bob, carla, tablet, devices: [alice, bob, carla, ...seconds] }
}

/** Online; the id of the device. */
async function atSecondDevice({ device }: Person, { account }: Member): Promise<string> {
  await device.login(account)
  const id = await device.registerDevice(account.password)
  await device.goOnline()
  return id
}

async function befriend(one: Member, other: Member): Promise<void> {
  await one.device.connectWith(other.id)
  await other.hears('the wish to connect', isConnection('pending'))
  assert.equal(await other.device.accept(one.id), 'accepted')
  await one.hears('the consent', ({ event }) => isAcceptedBy(event, other.id))
}

const isAcceptedBy = (event: Heard['event'], { id }: QualifiedId): boolean =>
  event.type === 'user.connection' && event.connection.status === 'accepted' && event.connection.to === id

async function inTurn<T>(items: readonly T[], act: (item: T, number: number) => Promise<void>): Promise<void> {
  for (const [number, item] of items.entries()) await act(item, number)
}

/** The last text that the device of this number did not send itself. */
const lastBut = (texts: readonly string[], number: number): string => texts.toSpliced(number, 1).at(-1) ?? ''

const hasReadReceipt =
  (messageId: string) =>
  ({ hasRead }: Heard): boolean =>
    hasRead === messageId

const isRemoved =
  ({ id }: QualifiedId) =>
  ({ event }: Heard): boolean =>
    event.type === 'conversation.member-leave' && event.data.user_ids.includes(id)

interface Member extends Person {
  readonly account: Account
  readonly id: QualifiedId
}

/** A new person at each of the first two backends, with a device, online and connected to the other. */
async function alphaMeetsBeta(
  world: World,
): Promise<AsyncDisposable & { readonly alice: Member; readonly bob: Member }> {
  const [alpha, beta] = backendsOf(world)
  await using opened = new AsyncDisposableStack()
  const alice = opened.use(await newMember('alice', alpha))
  const bob = opened.use(await newMember('bob', beta))
  await connect(alice, bob)
  const kept = opened.move()
  return { alice, bob, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function connect(alice: Member, bob: Member): Promise<void> {
  const found = await alice.device.find(handleOf(bob.account), bob.id.domain)
  assert.deepEqual(found, bob.id)
  assert.equal(await alice.device.nameOf(bob.id), bob.account.name)
  assert.equal(await alice.device.connectWith(bob.id), 'sent')
  await bob.hears('the wish to connect', isConnection('pending'))
  assert.equal(await bob.device.accept(alice.id), 'accepted')
  await alice.hears('that bob accepted', isConnection('accepted'))
  assert.deepEqual(await alice.device.connections(), [{ to: bob.id.id, status: 'accepted' }])
}

async function newMember(name: string, backend: Backend): Promise<Member> {
  const account = newAccount(name, backend)
  const person = await atDevice(backend)
  const id = await person.device.register(account)
  await person.device.takeHandle(handleOf(account))
  await person.device.registerDevice(account.password)
  await person.device.goOnline()
  return Object.assign(person, { account, id })
}

async function atDevice(backend: Backend): Promise<Person> {
  const { Person } = await import('./person.ts')
  const person = new Person(backend.clientApi)
  assert.deepEqual(await person.device.negotiate(), { version: 8, isFederated: true, domain: backend.domain })
  return person
}

function newAccount(name: string, { domain }: Backend): Account {
  const unique = `${name}-${randomBytes(4).toString('hex')}`
  return { name: `${name} of ${domain}`, email: `${unique}@${domain}`, password: 'correct horse battery' }
}

const handleOf = ({ email }: Account): string => email.slice(0, email.indexOf('@'))

function backendsOf({ backends: [alpha, beta] }: World): readonly [Backend, Backend] {
  assert.ok(alpha && beta, 'these stories need two backends')
  return [alpha, beta]
}

const hasText =
  (expected: string) =>
  ({ text }: Heard): boolean =>
    text === expected

const isIn =
  ({ id }: QualifiedId, type: string) =>
  ({ event }: Heard): boolean =>
    event.type === type && 'conversation' in event && event.conversation === id

const isConnection =
  (status: string) =>
  ({ event }: Heard): boolean =>
    event.type === 'user.connection' && event.connection.status === status
