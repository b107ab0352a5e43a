/** What ends by itself, and what a deletion has ended whatever else was under way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Handle, UserId } from '#src/contract/ids.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import { eventually } from '#src/storage/testing.ts'
import { brigMigrations } from './brig.ts'
import { ACCOUNT_UPKEEP_INTERVAL_MS, REVOCATION_OVERLAP_MS } from './limits.ts'
import { findUser, lockUsers, updateUser } from './store-users.ts'
import type { BrigTables } from './tables.ts'
import { callInternal, callPublic, PASSWORD, registerPerson, startTestBrig, type TestBrig } from './testing.ts'
import { addDevice } from './testing-steps.ts'

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

const statusOf = async (user: UserId): Promise<unknown> => {
  const answer = await callInternal(brig, 'get-account-status', { params: { user } })
  return answer.outcome === 'found' && answer.body.status
}

const revoked = async (since?: string): Promise<unknown[]> => {
  const { body } = await callInternal(brig, 'list-revocations', { query: { since } })
  return body.revoked.map(({ user, client }) => [user, client])
}

test('guests whose time is over are deleted like everybody who goes', async () => {
  const body = { name: 'Guest', expires_in: 60 }
  const guest = UserId.parse((await callPublic(brig, { path: '/register', body })).body['id'])
  const other = await registerPerson(brig, 'Guest', null)
  await brig.told()
  await brig.clock.advance(60_000)
  await brig.clock.advance(ACCOUNT_UPKEEP_INTERVAL_MS)
  await eventually(async () => (await statusOf(guest)) === 'deleted', 'the guest is gone')
  const told = await brig.told()
  assert.ok(told.some(({ target, endpoint }) => target === 'galley' && endpoint === 'remove-user'))
  assert.equal(await statusOf(other.id), 'ephemeral')
})

test('tokens of removed and replaced devices, of suspended and of deleted users have ended, for as long as they would be good', async () => {
  const [alice, alex] = [await registerPerson(brig), await registerPerson(brig)]
  const permanent = await addDevice(alice, 'to be removed')
  const temporary = await addDevice(alice, 'to be replaced', { type: 'temporary' })
  const before = await revoked()
  await alice.calls('remove-device', { params: { client: permanent }, body: { password: PASSWORD } })
  await addDevice(alice, 'replacing', { type: 'temporary' })
  await callInternal(brig, 'set-account-status', { params: { user: alex.id }, body: { status: 'suspended' } })
  await callInternal(brig, 'delete-account', { params: { user: alice.id } })
  const ended = [
    [alice.id, permanent],
    [alice.id, temporary],
    [alex.id, null],
    [alice.id, null],
  ]
  assert.deepEqual(new Set(await revoked()), new Set([...ended, ...before]))

  await brig.clock.advance(REVOCATION_OVERLAP_MS + 1_000)
  assert.deepEqual(await revoked(brig.clock.now().toISOString()), [])
  assert.equal((await revoked()).length, ended.length + before.length)
  await brig.clock.advance(ACCESS_TOKEN_SECONDS * 1000 + ACCOUNT_UPKEEP_INTERVAL_MS)
  assert.deepEqual(await revoked(), [])
  await eventually(
    async () => (await brig.query('select * from brig.revocations')).length === 0,
    'nobody remembers tokens that expired',
  )
})

test('a device that takes the place of the one it is registered with keeps its token', async () => {
  const alice = await registerPerson(brig)
  const before = await addDevice(alice, 'visiting', { type: 'temporary' })
  await addDevice(alice.as(before), 'visiting again', { type: 'temporary' })
  assert.ok(!(await revoked()).some((each) => JSON.stringify(each) === JSON.stringify([alice.id, before])))
})

test('a change that a deletion has overtaken finds nobody and changes nothing', async () => {
  const [alice, alex] = [await registerPerson(brig), await registerPerson(brig)]
  await callInternal(brig, 'delete-account', { params: { user: alice.id } })
  const db = await brig.database.schema<BrigTables>('brig', brigMigrations, outboxMigrations)
  await db.transaction().execute(async (tx) => {
    assert.deepEqual(await lockUsers(tx, [alice.id, alex.id]), new Set([alex.id]))
    await updateUser(tx, alice.id, { name: 'back again', handle: Handle.parse('late') })
  })
  const gone = await findUser(db, alice.id)
  assert.deepEqual([gone?.name, gone?.handle, gone?.status], ['default', null, 'deleted'])
})
