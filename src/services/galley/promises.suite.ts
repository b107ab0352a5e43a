/**
 * What galley may rely on of the devices that it was told, on whichever engine. The interleavings are played: somebody is
 * made to speak just when it hurts (docs/decisions/device-promises.md).
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { DEVICE_PROMISES } from '#src/contract/federation/device-promises.ts'
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { call } from '#src/kit/http/client.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import { eventually, type TestDatabases } from '#src/storage/testing.ts'
import { A, B, C, client, person, startTestGalley, type TestGalley } from './testing.ts'

const PROMISE_MS = 5_000

/** Backend B, where bob is: what it answers, and what happens before its answer gets here. */
interface Bobs {
  devices: string[]
  changing: QualifiedUserId[]
  promiseMs: number
  isFailing: boolean
  meanwhile: () => Promise<unknown>
}

export const promisesSuite = (engine: string, databases: () => Promise<TestDatabases>): void => {
  describe(engine, () => {
    let galley: TestGalley
    let bobs: Bobs
    let scene: Scene
    before(async () => {
      galley = await startTestGalley(databases)
    })
    after(() => galley[Symbol.asyncDispose]())
    beforeEach(async () => {
      bobs = { devices: ['b1'], changing: [], promiseMs: PROMISE_MS, isFailing: false, meanwhile: async () => {} }
      scene = await sceneOf(galley, bobs)
    })

    test('who is promised what he was answered does not ask again until the promise is over', async () => {
      await scene.isSentTo('b1')
      await scene.isSentTo('b1')
      assert.deepEqual(scene.asked(), { [B]: 1, [C]: 2, [A]: 1 })
      await galley.clock.advance(PROMISE_MS)
      await scene.isSentTo('b1')
      assert.deepEqual(scene.asked(), { [B]: 2, [C]: 3, [A]: 2 })
    })

    test('a device that comes after its backend said so is missed by the next message', async () => {
      await scene.isSentTo('b1')
      await forgets(galley, B)
      bobs.devices = ['b1', 'b2']
      await scene.isRefusedFor('b2', ['b1'])
      await scene.isSentTo('b1', 'b2')
      await forgets(galley, B)
      bobs.devices = ['b2']
      await scene.isSentTo('b2')
    })

    test('what a backend takes back while its answer is under way is not relied on afterwards', async () => {
      bobs.meanwhile = () => forgets(galley, B)
      await scene.isSentTo('b1')
      bobs.meanwhile = async () => {}
      bobs.devices = ['b1', 'b2']
      await scene.isRefusedFor('b2', ['b1'])
    })

    test('what is taken back between comparison and acceptance makes the message be compared anew', async () => {
      await scene.isSentTo('b1')
      scene.whileChadIsAsked(async () => {
        await forgets(galley, B)
        bobs.devices = ['b1', 'b2']
      })
      await scene.isRefusedFor('b2', ['b1'])
    })

    test('of whom devices are about to change nothing is remembered', async () => {
      bobs.changing = [scene.bob]
      await scene.isSentTo('b1')
      bobs.devices = ['b1', 'b2']
      await scene.isRefusedFor('b2', ['b1'])
    })

    test('nobody is refused, or told that a device is gone, by what is remembered', async () => {
      await scene.isSentTo('b1')
      // Nobody would do this without saying so; only whoever asks finds out.
      bobs.devices = ['b1', 'b2']
      await scene.isSentTo('b1', 'b2')
      assert.equal(scene.asked()[B], 2)
      bobs.devices = ['b2']
      await scene.isRefusedFor('b2', [])
      assert.equal(scene.asked()[B], 3)
    })

    test('a backend takes back what it has promised and nothing of others', async () => {
      await scene.isSentTo('b1')
      await forgets(galley, C)
      await scene.isSentTo('b1')
      const named = await galley.from(C, 'forget-clients', { users: [scene.bob.id], domain: B })
      assert.equal(named.status, 200)
      await scene.isSentTo('b1')
      assert.deepEqual(scene.asked(), { [B]: 1, [C]: 3, [A]: 1 })
    })

    test('our own brig takes back what it has promised before devices of ours change', async () => {
      await scene.isSentTo('b1')
      await call(galley.transport, galleyInternal['forget-clients'], { body: {} })
      galley.parts.registers(scene.alice, { clients: [client('a1'), client('a2')] })
      await scene.isRefusedFor('a2', ['b1'], A)
    })

    test('a promise that is half over is renewed while messages go on without waiting', async () => {
      await scene.isSentTo('b1')
      await galley.clock.advance(PROMISE_MS / 2)
      const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      bobs.meanwhile = () => first.promise
      await scene.isSentTo('b1')
      await scene.isSentTo('b1')
      await eventually(() => scene.asked()[B] === 2, 'the promise is renewed')
      first.resolve()
      bobs.meanwhile = () => second.promise
      await scene.isSentTo('b1')
      await galley.clock.advance(PROMISE_MS / 2)
      // What was promised first is over now.
      await scene.isSentTo('b1')
      await eventually(() => scene.asked()[B] === 3, 'the promise is renewed once more')
      second.resolve()
    })

    test('a backend that announces promises and cannot keep it up is asked as others are', async () => {
      bobs.isFailing = true
      await scene.isSentTo('b1')
      bobs.devices = ['b1', 'b2']
      await scene.isRefusedFor('b2', ['b1'])
    })

    test('a promise of nothing is none', async () => {
      bobs.promiseMs = 0
      await scene.isSentTo('b1')
      bobs.devices = ['b1', 'b2']
      await scene.isRefusedFor('b2', ['b1'])
    })
  })
}

const forgets = async (galley: TestGalley, backend: Domain): Promise<void> => {
  const { status } = await galley.from(backend, 'forget-clients', {})
  assert.equal(status, 200)
}

interface Scene {
  readonly alice: QualifiedUserId
  readonly bob: QualifiedUserId
  /** How often each backend was asked which devices its users have. */
  asked(): Record<string, number>
  whileChadIsAsked(happens: () => Promise<void>): void
  /** Alice writes to these devices of bob, and to all others there are. */
  isSentTo(...devices: readonly string[]): Promise<void>
  isRefusedFor(missing: string, devices: readonly string[], of?: Domain): Promise<void>
}

/** Alice of ours with bob at B, which promises, and chad at C, which knows nothing of that. */
const sceneOf = async (galley: TestGalley, bobs: Bobs): Promise<Scene> => {
  const [alice, bob, chad] = [person(), person(B), person(C)]
  const asked: Record<string, number> = { [B]: 0, [C]: 0 }
  let whileChadIsAsked = async (): Promise<void> => {}
  const clientsOf = ({ users }: { readonly users: readonly string[] }) =>
    Object.fromEntries(users.map((id) => [id, id === bob.id ? bobs.devices.map((device) => ({ id: device })) : []]))
  const others = {
    'get-not-fully-connected-backends': () => ({ non_connected_backends: [] }),
    'on-conversation-created': () => ({}),
  }
  galley.backends.plays(B, {
    extensions: [DEVICE_PROMISES],
    rpcs: {
      ...others,
      'get-user-clients': clientsOf,
      'promise-clients': async (input: { readonly users: readonly string[] }) => {
        asked[B] = (asked[B] ?? 0) + 1
        if (bobs.isFailing) throw brokenPeer()
        const changing = bobs.changing.map(({ id }) => id)
        const answer = { clients: clientsOf(input), promise_ms: bobs.promiseMs, changing }
        await bobs.meanwhile()
        return answer
      },
    },
  })
  galley.backends.plays(C, {
    rpcs: {
      ...others,
      'get-user-clients': async () => {
        asked[C] = (asked[C] ?? 0) + 1
        await whileChadIsAsked()
        return { [chad.id]: [{ id: 'c1' }] }
      },
    },
  })
  galley.parts.registers(alice, { clients: [client('a1')] })
  galley.parts.promise = { promise_ms: PROMISE_MS, changing: [] }
  for (const friend of [bob, chad]) galley.parts.connects(alice, friend)
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [bob, chad] } })
  assert.ok(made.outcome === 'created')
  const ourBrig = () => galley.parts.brig.calls.filter(({ name }) => name === 'get-clients').length
  const before = ourBrig()
  const send = (devices: readonly string[]) =>
    sendFrom(galley, {
      alice,
      conversation: made.body.id,
      to: [...devices.map((device) => [bob, device] as const), [chad, 'c1']],
    })
  return {
    alice,
    bob,
    asked: () => ({ ...asked, [A]: ourBrig() - before }),
    whileChadIsAsked: (happens) => {
      whileChadIsAsked = async () => {
        whileChadIsAsked = async () => {}
        await happens()
      }
    },
    isSentTo: async (...devices) => {
      const answer = await send(devices)
      assert.ok(answer.outcome === 'sent', answer.outcome)
      assert.deepEqual([answer.body.missing, answer.body.deleted], [{}, {}])
    },
    isRefusedFor: async (missing, devices, of = B) => {
      const answer = await send(devices)
      assert.ok(answer.outcome === 'mismatch', answer.outcome)
      assert.deepEqual(answer.body.missing, { [of]: { [of === B ? bob.id : alice.id]: [missing] } })
    },
  }
}

const brokenPeer = () =>
  new FederationFailure({ domain: B, rpc: 'promise-clients' }, 533, 'federation-remote-error', { detail: 'broken' })

interface Sending {
  readonly alice: QualifiedUserId
  readonly conversation: ConversationId
  readonly to: readonly (readonly [QualifiedUserId, string])[]
}

const sendFrom = (galley: TestGalley, { alice, conversation, to }: Sending) => {
  const recipients = new Map(
    [...Map.groupBy(to, ([user]) => user)].map(([user, devices]) => [
      user.domain,
      new Map([[user.id, new Map(devices.map(([, device]) => [client(device), Buffer.from('text')]))]]),
    ]),
  )
  const body = encodeProteusMessage({
    sender: client('a1'),
    recipients,
    nativePush: true,
    blob: new Uint8Array(),
    priority: undefined,
    transient: false,
    strategy: { kind: 'report-all' },
  })
  const input = { params: { domain: A, conversation }, body }
  return galley.as(alice, 'post-message', input, { headers: { 'content-type': 'application/x-protobuf' } })
}
