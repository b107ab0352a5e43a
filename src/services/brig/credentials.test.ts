import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callInternal, callPublic, CODE, PASSWORD, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

const logIn = (email: string, password = PASSWORD, label?: string) =>
  callPublic(brig, { path: '/login', body: { email, password, ...(label !== undefined && { label }) } })

const renew = (cookie: string) => callPublic(brig, { path: '/access', headers: { cookie: `zuid=${cookie}` } })

test('choosing another password needs the old one and ends all sessions', async () => {
  const alice = await registerPerson(brig)
  const change = (old_password: string | undefined, new_password: string) =>
    alice.calls('change-password', { body: { old_password, new_password } })
  assert.equal((await change('wrong horse', 'another horse')).outcome, 'wrong-password')
  assert.equal((await change(undefined, 'another horse')).outcome, 'wrong-password')
  assert.equal((await change(PASSWORD, PASSWORD)).outcome, 'must-differ')
  await assert.rejects(change(PASSWORD, 'short'))
  assert.equal((await change(PASSWORD, 'another horse')).outcome, 'changed')
  assert.equal((await renew(alice.cookie)).status, 403)
  assert.equal((await logIn(alice.email)).status, 403)
  assert.equal((await logIn(alice.email, 'another horse')).status, 200)
})

test('an account without password gets its first one without another', async () => {
  const alice = await registerPerson(brig)
  await brig.alter(`update brig.users set password_hash = null where id = '${alice.id}'`)
  assert.equal((await alice.calls('has-password', {})).outcome, 'not-set')
  assert.equal((await alice.calls('change-password', { body: { new_password: PASSWORD } })).outcome, 'changed')
  assert.equal((await alice.calls('has-password', {})).outcome, 'set')
  const guest = await registerPerson(brig, 'guest', null)
  assert.equal((await guest.calls('change-password', { body: { new_password: PASSWORD } })).outcome, 'no-identity')
})

test('of two who choose a password at the same time one does', async () => {
  const alice = await registerPerson(brig)
  const outcomes = await Promise.all(
    ['first horse', 'second horse'].map(async (new_password) => {
      const { outcome } = await alice.calls('change-password', { body: { old_password: PASSWORD, new_password } })
      return outcome
    }),
  )
  assert.deepEqual(outcomes.toSorted(), ['changed', 'wrong-password'])
})

test('sessions are ended by label and by number, with the password', async () => {
  const alice = await registerPerson(brig)
  for (const label of ['phone', 'tablet', 'desktop']) await logIn(alice.email, PASSWORD, label)
  const list = async () => {
    const listed = await alice.calls('list-cookies', { query: {} })
    return listed.body.cookies
  }
  const desktop = (await list()).find(({ label }) => label === 'desktop')
  const remove = (password: string) =>
    alice.calls('remove-cookies', { body: { password, labels: ['phone'], ids: [desktop?.id ?? 0] } })
  assert.equal((await remove('wrong horse')).outcome, 'wrong-password')
  assert.equal((await remove(PASSWORD)).outcome, 'removed')
  assert.deepEqual(
    (await list()).map(({ label }) => label),
    [null, 'tablet'],
  )
})

test('an address is the last thing that an account is known by', async () => {
  const alice = await registerPerson(brig)
  const guest = await registerPerson(brig, 'guest', null)
  assert.equal((await alice.calls('remove-email', {})).outcome, 'last-identity')
  assert.equal((await guest.calls('remove-email', {})).outcome, 'no-identity')
})

test('in development mode the code to reset a password is known', async () => {
  const alice = await registerPerson(brig)
  assert.equal((await callPublic(brig, { path: '/password-reset', body: { email: alice.email } })).status, 201)
  const found = await callInternal(brig, 'get-password-reset-code', { query: { email: alice.email } })
  assert.deepEqual(found.outcome === 'found' && found.body.code, CODE)
  const { key } = found.outcome === 'found' ? found.body : { key: '' }
  // COMPAT(v7): with the key in the path.
  const reset = await brig.transport.send({
    method: 'POST',
    pattern: '/password-reset/{key}',
    params: { key },
    query: {},
    headers: {},
    body: Buffer.from(JSON.stringify({ code: CODE, password: 'another horse' })),
  })
  assert.equal(reset.status, 200)
  assert.equal((await logIn(alice.email, 'another horse')).status, 200)
})

test('a suspended account is out at once and comes back', async () => {
  const alice = await registerPerson(brig)
  const set = (status: 'active' | 'suspended') =>
    callInternal(brig, 'set-account-status', { params: { user: alice.id }, body: { status } })
  const status = async () => {
    const found = await callInternal(brig, 'get-account-status', { params: { user: alice.id } })
    return found.outcome === 'found' ? found.body.status : undefined
  }
  await brig.told()
  assert.equal((await set('suspended')).outcome, 'set')
  assert.deepEqual(
    (await brig.told()).map(({ target, endpoint, body }) => [target, endpoint, body]),
    [['gundeck', 'disconnect-user', { user: alice.id }]],
  )
  assert.equal(await status(), 'suspended')
  assert.equal((await renew(alice.cookie)).status, 403)
  assert.equal((await logIn(alice.email)).body['label'], 'suspended')
  await assert.rejects(alice.calls('get-self', {}), /suspended/)
  const found = await callInternal(brig, 'get-users', { body: { users: [alice.id] } })
  assert.deepEqual(
    found.body.map((user) => [user.status, user.is_verified]),
    [['suspended', false]],
  )
  assert.equal((await set('active')).outcome, 'set')
  assert.equal((await logIn(alice.email)).status, 200)
  const guest = await registerPerson(brig, 'guest', null)
  const suspended = { params: { user: guest.id }, body: { status: 'suspended' as const } }
  assert.equal((await callInternal(brig, 'set-account-status', suspended)).outcome, 'not-found')
})

test('the operator deletes an account, once', async () => {
  const alice = await registerPerson(brig)
  const remove = () => callInternal(brig, 'delete-account', { params: { user: alice.id } })
  assert.equal((await remove()).outcome, 'deleted')
  assert.equal((await remove()).outcome, 'not-found')
})

test('what clients ask before they show how to log in is answered', async () => {
  const domain = (email: string) => callPublic(brig, { path: '/get-domain-registration', body: { email } })
  assert.deepEqual((await domain('x@a.example')).body, { domain_redirect: 'none' })
  assert.equal((await domain('nonsense')).body['label'], 'invalid-domain')
  const sso = await callPublic(brig, { method: 'GET', path: '/sso/settings' })
  assert.deepEqual(sso.body, { default_sso_code: null })
  const factor = { path: '/verification-code/send', body: { action: 'login', email: 'x@a.example' } }
  assert.equal((await callPublic(brig, factor)).status, 200)
})
