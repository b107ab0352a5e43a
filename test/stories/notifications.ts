/** Stories about devices that hear, catch up and acknowledge. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '#src/kit/random.ts'
import { AppClient, type Qualified } from '#src/world/app-client.ts'
import type { AppEvent } from '#src/world/app-socket.ts'
import type { Person } from '#src/world/person.ts'
import { eventually } from '#src/storage/testing.ts'
import { labelOf } from './chat.ts'
import { EventStream } from './event-stream.ts'
import type { Telling } from './telling.ts'

export const notificationStories = ({ people }: Telling): void => {
  test('NTF-017 NTF-020: what a device has not acknowledged comes again, also from another backend', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    const device = await addDevice(bob, ['consumable-notifications'])
    await sendTo(alice, { conversation, to: bob, device, text: 'twice' })
    const isStored = async (): Promise<boolean> =>
      (await bob.app.notifications(device)).some(
        ({ payload }) => typeOfFirst(payload) === 'conversation.otr-message-add',
      )
    await eventually(isStored, 'the message of alice to be stored')
    {
      await using stream = await EventStream.open(bob.app, device)
      assert.deepEqual(typesOf(await stream.past()), ['user.client-add', 'conversation.otr-message-add'])
    }
    {
      await using stream = await EventStream.open(bob.app, device)
      const past = await stream.past()
      assert.deepEqual(typesOf(past), ['user.client-add', 'conversation.otr-message-add'])
      const [last] = past.slice(-1)
      assert.ok(last)
      stream.acknowledge(last)
    }
    await using stream = await EventStream.open(bob.app, device)
    assert.deepEqual(await stream.past(), [])
    await sendTo(alice, { conversation, to: bob, device, text: 'at once' })
    await stream.until('what alice sends', ({ type }) => type === 'event')
  })

  test('NTF-012 NTF-005: a new device begins with what is for all, and is told what is no place in the log', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    await alice.send(conversation, 'for the first device')
    await bob.receives(conversation, 'for the first device')
    const device = await addDevice(bob, [])
    const types = (await bob.app.notifications(device)).flatMap(({ payload }) => payload.map(({ type }) => type))
    assert.ok(types.includes('conversation.create'))
    assert.ok(!types.includes('conversation.otr-message-add'))
    assert.deepEqual(
      (await bob.app.lastNotification(device)).payload.map(({ type }) => type),
      ['user.client-add'],
    )
    const since = async (id: string): Promise<unknown[]> => {
      const { status, body } = await bob.app.http.send({ method: 'GET', path: '/notifications', query: { since: id } })
      return [status, labelOf(body)]
    }
    assert.deepEqual(await since('7130304a-c839-11e5-8001-22000b0fe035'), [404, 'not-found'])
    assert.deepEqual(await since('6f1e1f2a-0000-4000-8000-00000000a11c'), [400, undefined])
    assert.deepEqual(await since('yesterday'), [400, undefined])
  })

  test('NTF-013 NTF-023: push tokens are those of a device, and go with it', async () => {
    await using cast = await people('alice@alpha.test')
    const { app, account } = cast.alice
    const device = await addDevice(cast.alice, [])
    const token = { transport: 'GCM', app: 'x', token: 't1', client: device }
    const register = async (body: Record<string, unknown>) =>
      app.http.send({ method: 'POST', path: '/push/tokens', body })
    const registered = async (): Promise<unknown> =>
      ((await app.http.call({ method: 'GET', path: '/push/tokens' })).body as { tokens: unknown }).tokens
    assert.equal((await register(token)).status, 201)
    assert.equal((await register({ ...token, token: 't2' })).status, 201)
    assert.equal((await register({ ...token, app: 'y', token: 't3' })).status, 201)
    assert.deepEqual(await registered(), [
      { ...token, token: 't2' },
      { ...token, app: 'y', token: 't3' },
    ])
    const voip = await register({ ...token, transport: 'APNS_VOIP' })
    assert.deepEqual([voip.status, labelOf(voip.body)], [400, 'apns-voip-not-supported'])
    await app.http.call({ method: 'DELETE', path: `/clients/${device}`, body: { password: account.password } })
    await eventually(
      async () => ((await registered()) as unknown[]).length === 0,
      'the tokens of the device to be gone',
    )
    const { body } = await app.http.call({ method: 'GET', path: '/time' })
    assert.match((body as { time: string }).time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  test('what happens to a user one after the other has rising times, whichever service tells of it', async () => {
    await using cast = await people('alex@alpha.test', 'alice@alpha.test', 'bob@beta.test')
    const { alex, alice, bob } = cast
    await alice.connectWith(alex)
    await bob.connectWith(alex)
    const group = await alice.createConversation([alex])
    const theirs = await bob.createConversation([alex])
    for (const text of ['one', 'two', 'three']) {
      await addDevice(alex, [])
      await Promise.all([alice.send(group, text), bob.send(theirs, text)])
      await alice.app.http.call({ method: 'PUT', path: pathOf(group, 'name'), body: { name: text } })
      await bob.app.http.call({ method: 'PUT', path: pathOf(theirs, 'name'), body: { name: text } })
    }
    for (const where of [group, theirs]) {
      await alex.findsStored('the last name', (events) => events.find(isRenaming(where, 'three')))
    }
    const stored = (await alex.app.notifications(alex.client)).flatMap(({ payload }) => payload)
    assert.ok(stored.length >= 3 * 4 + 4, `only ${stored.length} events`)
    // Times of an owner elsewhere are his, and rise by themselves: they cannot wait for ours, nor ours for them.
    const isTheirs = (event: AppEvent): boolean => event['conversation'] === theirs.id
    assert.deepEqual(droppedBy(stored.filter((event) => !isTheirs(event))), [])
    assert.deepEqual(droppedBy(stored.filter(isTheirs)), [])
  })

  test('NTF-015: with an account end its connections', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    await alice.app.http.call({ method: 'DELETE', path: '/self', body: { password: alice.account.password } })
    await eventually(() => !alice.isOnline, 'her websocket to be closed')
  })
}

const pathOf = ({ domain, id }: Qualified, what: string): string => `/conversations/${domain}/${id}/${what}`

const isRenaming =
  ({ id }: Qualified, name: string) =>
  (event: AppEvent): boolean =>
    event.type === 'conversation.rename' &&
    event['conversation'] === id &&
    (event['data'] as { readonly name: string }).name === name

interface Timed {
  readonly client?: { readonly time?: string }
  readonly connection?: { readonly last_update: string }
  readonly time?: string
}

/** What a stock client takes for old when it catches up, and does not look at (client-notifications.md §5.5). */
const droppedBy = (events: readonly AppEvent[]): string[] => {
  const dropped: string[] = []
  let mark = ''
  for (const event of events) {
    const { time, client, connection } = event as Timed
    if (time !== undefined && time <= mark) dropped.push(`${event.type} of ${time} after ${mark}`)
    const next = time ?? client?.time ?? connection?.last_update ?? ''
    if (next > mark) mark = next
  }
  return dropped
}

/** In a session of its own, as any device: the other one stays as it is. */
const addDevice = async ({ app, account }: Person, capabilities: readonly string[]): Promise<string> => {
  await using other = new AppClient(app.http.baseUrl, systemRandom)
  await other.logIn(account)
  return await other.createClient({ password: account.password, capabilities })
}

interface Sending {
  readonly conversation: Qualified
  readonly to: Person
  readonly device: string
  readonly text: string
}

/** To one device only; that the others are left out is no mismatch to whoever ignores it. */
const sendTo = async (from: Person, { conversation, to, device, text }: Sending): Promise<void> => {
  const recipients = {
    [to.user.domain]: { [to.user.id]: { [to.client]: Buffer.from(text), [device]: Buffer.from(text) } },
  }
  const sent = await from.app.sendProteus(conversation, { sender: from.client, recipients })
  assert.deepEqual([sent.isDelivered, sent.missing], [true, {}])
}

const typeOfFirst = (payload: readonly { readonly type: string }[]): string | undefined => payload[0]?.type

const typesOf = (
  frames: readonly { data?: { event?: { payload: readonly { type: string }[] } } }[],
): (string | undefined)[] => frames.map(({ data }) => data?.event?.payload[0]?.type)
