import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Domain, UserId } from '#src/contract/ids.ts'
import { callInternal, newDevice, newNetwork, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
let c: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
  c = await startTestBrig({ domain: 'c.example', network })
})
after(() => Promise.all([a, b, c].map(async (brig) => brig[Symbol.asyncDispose]())))

const NOBODY = UserId.parse('00000000-0000-4000-8000-000000000000')

test('our parts are told who is verified, and which devices there are', async () => {
  const [alice, guest] = [await registerPerson(a, 'Alice'), await registerPerson(a, 'Guest', null)]
  const users = await callInternal(a, 'get-users', { body: { users: [alice.id, guest.id, NOBODY] } })
  assert.deepEqual(
    new Map(users.body.map(({ name, is_verified }) => [name, is_verified])),
    new Map([
      ['Alice', true],
      ['Guest', false],
    ]),
  )
  const made = await alice.calls('register-device', { body: newDevice('phone') })
  const id = made.outcome === 'registered' && made.body.id
  const devices = await callInternal(a, 'get-clients', { body: { users: [alice.id, NOBODY] } })
  assert.deepEqual(devices.body.clients, { [alice.id]: [{ id, class: 'desktop' }], [NOBODY]: [] })
})

test('how users stand with others is seen from both sides where both are ours', async () => {
  const [alice, alex, bob] = [await registerPerson(a), await registerPerson(a), await registerPerson(b)]
  const to = [
    { domain: a.domain, id: alex.id },
    { domain: b.domain, id: bob.id },
    { domain: a.domain, id: NOBODY },
    { domain: Domain.parse('c.example'), id: alex.id },
  ]
  await alice.calls('request-connection', { params: { domain: a.domain, user: alex.id } })
  await alice.calls('request-connection', { params: { domain: b.domain, user: bob.id } })
  const of = await callInternal(a, 'get-connections-of', { body: { from: alice.id, to } })
  assert.deepEqual(
    new Map(of.body.map(({ to: other, status, other_status }) => [other.id, [status, other_status]])),
    new Map([
      [alex.id, ['sent', 'pending']],
      [bob.id, ['sent', null]],
    ]),
  )
  const back = await callInternal(b, 'get-connections-to', {
    body: { to: { domain: a.domain, id: alice.id }, from: [bob.id, NOBODY] },
  })
  assert.deepEqual(
    back.body.map(({ from, status }) => [from, status]),
    [[bob.id, 'pending']],
  )
  assert.deepEqual(back.body[0]?.conversation, of.body.find(({ to: other }) => other.id === bob.id)?.conversation)
})

test('CON-030: the statuses of many users with everybody, with some, and in one way only', async () => {
  const five = (brig: TestBrig) => Promise.all(Array.from({ length: 5 }, () => registerPerson(brig)))
  const askers = await five(a)
  const targets = [await five(a), await five(b), await five(c)]
  for (const asker of askers) {
    for (const target of targets.flat()) {
      await asker.calls('request-connection', { params: { domain: target.brig.domain, user: target.id } })
    }
    for (const [target] of targets) {
      const params = { domain: a.domain, user: asker.id }
      await target?.calls('update-connection', { params, body: { status: 'accepted' } })
    }
  }
  const from = askers.map(({ id }) => id)
  const all = await callInternal(a, 'list-connection-statuses', { body: { from } })
  assert.ok(all.outcome === 'found')
  const wanted = askers.flatMap((asker) =>
    targets.flatMap((those) =>
      those.map((target, index) => ({
        from: asker.id,
        qualified_to: { domain: target.brig.domain, id: target.id },
        status: index === 0 ? 'accepted' : 'sent',
      })),
    ),
  )
  assert.equal(all.body.length, 75)
  assert.deepEqual(
    new Set(all.body.map((one) => JSON.stringify(one))),
    new Set(wanted.map((one) => JSON.stringify(one))),
  )

  const accepted = await callInternal(a, 'list-connection-statuses', { body: { from, relation: 'accepted' } })
  assert.equal(accepted.outcome === 'found' && accepted.body.length, 15)
  const to = targets.flatMap(([, second]) => (second ? [{ domain: second.brig.domain, id: second.id }] : []))
  const some = await callInternal(a, 'list-connection-statuses', { body: { from: from.slice(0, 2), to } })
  assert.deepEqual(some.outcome === 'found' && some.body.map(({ status }) => status), Array(6).fill('sent'))
})
