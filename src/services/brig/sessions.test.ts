import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { COOKIES_PER_TYPE_MAX } from '#src/contract/client/brig-limits.ts'
import { COOKIE_BURST_SECONDS, COOKIE_RENEW_SECONDS, SESSION_COOKIE_SECONDS } from './limits.ts'
import {
  callPublic,
  cookieOf,
  newDevice,
  PASSWORD,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

interface Access {
  readonly cookie?: string
  readonly token?: string
  readonly client?: string
  readonly path?: '/access' | '/access/logout'
}

const access = ({ cookie, token, client, path = '/access' }: Access) =>
  callPublic(brig, {
    path,
    query: client === undefined ? {} : { client_id: client },
    headers: {
      ...(cookie !== undefined && { cookie: `other=1; zuid=${cookie}` }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })

const logIn = async (person: Person, { persist = 'true', label = null as string | null } = {}) => {
  const answer = await callPublic(brig, {
    path: '/login',
    query: { persist },
    body: { email: person.email, password: PASSWORD, label },
  })
  assert.equal(answer.status, 200)
  return { cookie: cookieOf(answer.headers), token: String(answer.body['access_token']) }
}

const invalid = (message: string) => ({ code: 403, label: 'invalid-credentials', message })
const device = async (person: Person, seed: string): Promise<string> => {
  const made = await person.calls('register-device', { body: newDevice(seed) })
  assert.equal(made.outcome, 'registered')
  return made.outcome === 'registered' ? made.body.id : ''
}

test('a cookie gives a token; nothing else does, and the refusals are worded as clients expect', async () => {
  const { cookie, token } = await logIn(await registerPerson(brig))
  const renewed = await access({ cookie })
  assert.equal(renewed.status, 200)
  assert.deepEqual(Object.keys(renewed.body).toSorted(), ['access_token', 'expires_in', 'token_type', 'user'])
  assert.equal(renewed.headers['set-cookie'], undefined)

  const refusals = [
    await access({}),
    await access({ token }),
    await access({ cookie: 'nonsense' }),
    await access({ cookie: token }),
    await access({ cookie, token: 'nonsense' }),
    await access({ cookie, token: cookie }),
  ]
  assert.deepEqual(
    refusals.map(({ status, body }) => [status, body]),
    ['Missing cookie and token', 'Missing cookie', ...Array.from({ length: 4 }, () => 'Invalid token')].map(
      (message) => [403, invalid(message)],
    ),
  )
})

test('the first valid cookie counts, when a browser sends several', async () => {
  const { cookie } = await logIn(await registerPerson(brig))
  assert.equal((await access({ cookie: `stale; zuid=${cookie}` })).status, 200)
})

test('a new token keeps the connection of the old one, even of an expired one', async () => {
  const alice = await registerPerson(brig)
  const { cookie, token } = await logIn(alice)
  await brig.clock.advance(3_600_000)
  const renewed = await access({ cookie, token })
  const connection = (text: string) => /\.c=(\d+)$/.exec(text)?.[1]
  assert.equal(connection(String(renewed.body['access_token'])), connection(token))

  const other = await logIn(await registerPerson(brig))
  assert.deepEqual((await access({ cookie, token: other.token })).body, invalid('Invalid token'))
})

test('a device is bound to the session itself, so that a client that keeps its first cookie keeps its device', async () => {
  const alice = await registerPerson(brig)
  const { cookie } = await logIn(alice)
  const client = await device(alice, 'laptop')
  const bound = await access({ cookie, client })
  assert.equal(bound.status, 200)
  assert.match(String(bound.body['access_token']), new RegExp(`\\.i=${client}\\.c=`))
  const successor = cookieOf(bound.headers)
  assert.notEqual(successor, cookie)

  for (const kept of [cookie, successor]) {
    const later = await access({ cookie: kept })
    assert.match(String(later.body['access_token']), new RegExp(`\\.i=${client}\\.c=`))
    assert.equal(later.headers['set-cookie'], undefined)
  }
})

test('a session bound to one device takes no other, and no device that does not exist', async () => {
  const alice = await registerPerson(brig)
  const { cookie } = await logIn(alice)
  const [first, second] = [await device(alice, 'first'), await device(alice, 'second')]
  assert.deepEqual((await access({ cookie, client: 'abc' })).body, invalid('Invalid token'))
  assert.equal((await access({ cookie, client: first })).status, 200)
  assert.deepEqual((await access({ cookie, client: second })).body, invalid('Invalid token'))
  assert.equal((await access({ cookie, client: first })).status, 200)
})

test('two requests that bind different devices at the same time: one of them wins', async () => {
  const alice = await registerPerson(brig)
  const { cookie } = await logIn(alice)
  const [first, second] = [await device(alice, 'left'), await device(alice, 'right')]
  const answers = await Promise.all([access({ cookie, client: first }), access({ cookie, client: second })])
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 403]))
})

test('a persistent cookie past its renewal gets one successor, however often it is shown', async () => {
  const { cookie } = await logIn(await registerPerson(brig))
  await brig.clock.advance((COOKIE_RENEW_SECONDS + 60) * 1000)
  const first = await access({ cookie })
  const second = await access({ cookie })
  assert.equal(cookieOf(first.headers), cookieOf(second.headers))
  assert.equal((await access({ cookie: cookieOf(first.headers) })).headers['set-cookie'], undefined)
  await brig.clock.advance((COOKIE_RENEW_SECONDS + 60) * 1000)
  assert.deepEqual((await access({ cookie })).body, invalid('Invalid token'))
  assert.equal((await access({ cookie: cookieOf(first.headers) })).status, 200)
})

test('a session cookie ends after a day', async () => {
  const { cookie } = await logIn(await registerPerson(brig), { persist: 'false' })
  await brig.clock.advance((SESSION_COOKIE_SECONDS + 1) * 1000)
  assert.deepEqual((await access({ cookie })).body, invalid('Invalid token'))
})

test('logging out needs cookie and token, and ends that session only', async () => {
  const alice = await registerPerson(brig)
  const one = await logIn(alice)
  const other = await logIn(alice)
  const path = '/access/logout'
  assert.deepEqual((await access({ path, cookie: one.cookie })).body, invalid('Missing token'))
  assert.deepEqual((await access({ path, token: one.token })).body, invalid('Missing cookie'))
  const done = await access({ path, ...one })
  assert.deepEqual([done.status, done.body], [200, {}])
  assert.deepEqual((await access({ cookie: one.cookie })).body, invalid('Invalid token'))
  assert.equal((await access({ cookie: other.cookie })).status, 200)
})

test('who logs in under a label again ends the session that had it', async () => {
  const alice = await registerPerson(brig)
  const first = await logIn(alice, { label: 'laptop' })
  const second = await logIn(alice, { label: 'laptop' })
  assert.equal((await access({ cookie: first.cookie })).status, 403)
  assert.equal((await access({ cookie: second.cookie })).status, 200)
  const listed = await alice.calls('list-cookies', { query: { labels: 'laptop,phone' } })
  assert.ok(listed.outcome === 'found')
  assert.deepEqual(
    listed.body.cookies.map(({ type, label, successor }) => [type, label, successor]),
    [['persistent', 'laptop', null]],
  )
})

test('beyond the limit the session that ends first makes way, and a burst of log-ins is slowed down', async () => {
  const alice = await registerPerson(brig)
  await brig.clock.advance(COOKIE_BURST_SECONDS * 1000)
  const cookies: string[] = []
  for (let count = 1; count < COOKIES_PER_TYPE_MAX; count += 1) cookies.push((await logIn(alice)).cookie)
  const oldest = alice.cookie
  assert.equal((await access({ cookie: oldest })).status, 200)
  await logIn(alice)
  assert.equal((await access({ cookie: oldest })).status, 403)
  assert.equal((await access({ cookie: cookies[0] ?? '' })).status, 200)

  const answer = await callPublic(brig, {
    path: '/login',
    query: { persist: 'true' },
    body: { email: alice.email, password: PASSWORD },
  })
  assert.deepEqual(answer.body, { code: 429, label: 'client-error', message: 'Logins too frequent' })
  assert.equal(answer.headers['retry-after'], String(COOKIE_BURST_SECONDS))
})

test('a guest whose time is over has no session any more', async () => {
  const guest = await callPublic(brig, { path: '/register', body: { name: 'Guest', expires_in: 60 } })
  const cookie = cookieOf(guest.headers)
  assert.equal((await access({ cookie })).status, 200)
  await brig.clock.advance(61_000)
  assert.equal((await access({ cookie })).status, 403)
})
