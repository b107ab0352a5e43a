import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeIn, keyIn, type MailServer, startMailServer } from '#test/services/mail-server.ts'
import { ACTIVATION_SECONDS, CODE_ATTEMPTS_MAX, MAILS_TO_ADDRESS } from './limits.ts'
import {
  callPublic,
  cookieOf,
  foundTeam,
  PASSWORD,
  type Person,
  personIn,
  startTestBrig,
  type TestBrig,
} from './testing.ts'

let post: MailServer
let brig: TestBrig
before(async () => {
  post = await startMailServer()
  const email = { smtpUrl: post.url, from: 'Example <no-reply@a.example>' }
  brig = await startTestBrig({ config: { email, development: { insecureCookies: false } } })
})
after(async () => {
  await brig[Symbol.asyncDispose]()
  await post[Symbol.asyncDispose]()
})

const post8 = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  callPublic(brig, { path, body, headers })

/** Asks for a mail and reads the code in it. */
const codeFor = async (path: string, email: string): Promise<string> => {
  const before = post.received.length
  const asked = await post8(path, { email })
  assert.ok(asked.status < 300, JSON.stringify(asked.body))
  return codeIn(await post.mailTo(email, before))
}

const registered = async (email: string): Promise<Person> => {
  const email_code = await codeFor('/activate/send', email)
  const answer = await post8('/register', { name: 'Alice', email, email_code, password: PASSWORD })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return personIn(brig, { id: String(answer.body['id']), email, cookie: cookieOf(answer.headers) })
}

const wrongFor = (code: string): string => (code === '000000' ? '000001' : '000000')

test('the code that was mailed opens an account, once', async () => {
  const email = 'alice@mail.example'
  const code = await codeFor('/activate/send', email)
  assert.match(code, /^\d{6}$/)
  assert.equal(post.received.at(-1)?.from, 'no-reply@a.example')
  const body = { name: 'Alice', email, email_code: code, password: PASSWORD }
  const alice = await post8('/register', body)
  assert.deepEqual([alice.status, alice.body['email'], alice.body['status']], [201, email, 'active'])
  const again = await post8('/register', { ...body, email: 'other@mail.example' })
  assert.deepEqual([again.status, again.body['label']], [404, 'invalid-code'])
  const taken = await post8('/activate/send', { email: 'ALICE@mail.example' })
  assert.deepEqual([taken.status, taken.body['label']], [409, 'key-exists'])
})

test('guessing ends with the third wrong code, and a new code begins anew', async () => {
  const email = 'guessed@mail.example'
  const code = await codeFor('/activate/send', email)
  const register = (email_code: string) => post8('/register', { name: 'Eve', email, email_code })
  for (let attempt = 0; attempt < CODE_ATTEMPTS_MAX; attempt += 1) {
    assert.equal((await register(wrongFor(code))).status, 404)
  }
  assert.equal((await register(code)).status, 404)
  assert.equal((await register(await codeFor('/activate/send', email))).status, 201)
})

test('many guesses at the same time are no more than three', async () => {
  const email = 'hurry@mail.example'
  const code = await codeFor('/activate/send', email)
  const guesses = Array.from({ length: 20 }, (_, index) => String(index).padStart(6, '9')).filter((one) => one !== code)
  const tried = await Promise.all(guesses.map((guess) => post8('/activate', { email, code: guess, dryrun: true })))
  assert.ok(tried.every(({ status }) => status === 404))
  assert.equal((await post8('/activate', { email, code, dryrun: true })).status, 404)
})

test('a new code replaces the old one, and none is good for ever', async () => {
  const email = 'late@mail.example'
  const first = await codeFor('/activate/send', email)
  const second = await codeFor('/activate/send', email)
  const check = (code: string) => post8('/activate', { email, code, dryrun: true })
  if (first !== second) assert.equal((await check(first)).status, 404)
  assert.deepEqual([(await check(second)).status, (await check(second)).body], [200, {}])
  await brig.clock.advance(ACTIVATION_SECONDS * 1000)
  assert.equal((await check(second)).status, 404)
})

test('an account without code waits for its address, is told so at login, and hears when it has it', async () => {
  const email = 'waiting@mail.example'
  const before = post.received.length
  const answer = await post8('/register', { name: 'Waiting', email, password: PASSWORD })
  assert.deepEqual([answer.status, answer.body['email'], answer.body['email_unvalidated']], [201, undefined, email])
  const login = () => post8('/login', { email, password: PASSWORD })
  assert.deepEqual((await login()).body['label'], 'pending-activation')
  assert.deepEqual((await post8('/login', { email, password: 'wrong horse' })).body['label'], 'invalid-credentials')
  const code = codeIn(await post.mailTo(email, before))
  await brig.told()
  const activated = await post8('/activate', { email, code, label: 'x' })
  assert.deepEqual([activated.status, activated.body], [200, { email, first: true }])
  const [told] = await brig.events()
  assert.deepEqual([told?.users, told?.event.type], [[answer.body['id']], 'user.activate'])
  assert.equal((await login()).status, 200)
  assert.equal((await post8('/activate', { email, code })).status, 404)
})

test('asking again while waiting mails another code for the same account; a link does as well', async () => {
  const email = 'resent@mail.example'
  const answer = await post8('/register', { name: 'Resent', email, password: PASSWORD })
  await post.mailTo(email)
  const code = await codeFor('/activate/send', email)
  const { key } = (await brig.query(`select key from brig.codes where email = '${email}'`))[0] ?? {}
  const activated = await callPublic(brig, { method: 'GET', path: '/activate', query: { key: String(key), code } })
  assert.deepEqual([activated.status, activated.body], [200, { email, first: true }])
  const alice = personIn(brig, { id: String(answer.body['id']), email, cookie: '' })
  const self = await alice.calls('get-self', {})
  assert.equal(self.outcome === 'found' && self.body.email, email)
})

test('another address needs the cookie besides the token, and counts when its code was typed', async () => {
  const alice = await registered('alice.old@mail.example')
  const access = await post8('/access', undefined, { cookie: `zuid=${alice.cookie}` })
  const token = { authorization: `Bearer ${String(access.body['access_token'])}` }
  const change = (email: string, headers: Record<string, string>) =>
    callPublic(brig, { method: 'PUT', path: '/access/self/email', body: { email }, headers })
  const both = { ...token, cookie: `zuid=${alice.cookie}` }
  assert.deepEqual((await change('alice.new@mail.example', token)).body['message'], 'Missing cookie')
  assert.equal((await change('alice.new@mail.example', { cookie: `zuid=${alice.cookie}` })).status, 403)
  assert.equal((await change('nonsense', both)).body['label'], 'invalid-email')
  assert.equal((await change('ALICE.OLD@mail.example', both)).status, 204)
  const other = await registered('taken@mail.example')
  assert.equal((await change(other.email, both)).body['label'], 'key-exists')

  const before = post.received.length
  assert.equal((await change('alice.new@mail.example', both)).status, 202)
  const self = await alice.calls('get-self', {})
  assert.ok(self.outcome === 'found')
  assert.deepEqual([self.body.email, self.body.email_unvalidated], ['alice.old@mail.example', 'alice.new@mail.example'])
  const code = codeIn(await post.mailTo('alice.new@mail.example', before))
  await brig.told()
  const activated = await post8('/activate', { email: 'alice.new@mail.example', code })
  assert.deepEqual(activated.body, { email: 'alice.new@mail.example', first: false })
  const [told] = await brig.events()
  assert.deepEqual(told?.event, { type: 'user.update', user: { id: alice.id, email: 'alice.new@mail.example' } })
  assert.equal((await post8('/login', { email: 'alice.old@mail.example', password: PASSWORD })).status, 403)
  assert.equal((await post8('/login', { email: 'alice.new@mail.example', password: PASSWORD })).status, 200)
})

test('of two who give the same address whoever shows it first has it', async () => {
  const email = 'contested@mail.example'
  const answer = await post8('/register', { name: 'First', email, password: PASSWORD })
  assert.equal(answer.status, 201)
  const code = codeIn(await post.mailTo(email))
  await brig.alter(`update brig.users set email = '${email}', email_key = '${email}'
    where id = (select id from brig.users where id <> '${String(answer.body['id'])}' and status = 'active' limit 1)`)
  assert.equal((await post8('/activate', { email, code })).body['label'], 'key-exists')
})

test('a forgotten password is replaced by a code, and all sessions end', async () => {
  const alice = await registered('forgetful@mail.example')
  const before = post.received.length
  const asked = await post8('/password-reset', { email: alice.email })
  const unknown = await post8('/password-reset', { email: 'nobody@mail.example' })
  const none = await post8('/password-reset', { email: 'nonsense' })
  assert.deepEqual([asked.status, unknown.status, none.status], [201, 201, 201])
  const mail = await post.mailTo(alice.email, before)
  const [code, key] = [codeIn(mail), keyIn(mail)]
  const complete = (body: Record<string, unknown>) => post8('/password-reset/complete', body)
  const password = 'another horse'
  assert.equal((await complete({ key, code: wrongFor(code), password })).body['label'], 'invalid-code')
  assert.equal((await complete({ code, password })).body['label'], 'invalid-key')
  assert.equal((await complete({ key, code, password: PASSWORD })).body['label'], 'password-must-differ')
  assert.equal((await complete({ email: alice.email, code, password })).status, 200)
  assert.equal((await complete({ key, code, password: 'a third horse' })).status, 400)
  assert.equal((await post8('/access', undefined, { cookie: `zuid=${alice.cookie}` })).status, 403)
  assert.equal((await post8('/login', { email: alice.email, password: PASSWORD })).status, 403)
  assert.equal((await post8('/login', { email: alice.email, password })).status, 200)
})

test('an account is deleted by the code and key that were mailed', async () => {
  const alice = await registered('leaving@mail.example')
  const before = post.received.length
  assert.equal((await alice.calls('delete-self', { body: {} })).outcome, 'code-mailed')
  const mail = await post.mailTo(alice.email, before)
  assert.equal((await post8('/delete', { key: keyIn(mail), code: codeIn(mail) })).status, 200)
  assert.equal((await post8('/login', { email: alice.email, password: PASSWORD })).status, 403)
})

test('an invitation to a team is mailed with its code', async () => {
  const owner = await registered('owner@mail.example')
  await brig.alter(`
    insert into brig.teams (id, name, icon, creator, created_at)
    values ('00000000-0000-4000-8000-0000000000aa', 'Umbrella', 'default', '${owner.id}', now());
    update brig.users set team_id = '00000000-0000-4000-8000-0000000000aa', team_role = 'owner', team_joined_at = now()
    where id = '${owner.id}'`)
  const team = '00000000-0000-4000-8000-0000000000aa'
  const before = post.received.length
  await owner.calls('invite-to-team', { params: { team }, body: { email: 'invited@mail.example' } })
  const { text } = await post.mailTo('invited@mail.example', before)
  const code = /invitation code (\S+)/.exec(text.replaceAll('=\r\n', ''))?.[1]
  const joined = await post8('/register', { name: 'Invited', email: 'invited@mail.example', team_code: code })
  assert.deepEqual([joined.status, joined.body['team']], [201, team])
})

test('nobody is flooded with mails', async () => {
  const email = 'flooded@mail.example'
  for (let mail = 0; mail < MAILS_TO_ADDRESS.max; mail += 1) await codeFor('/activate/send', email)
  const refused = await post8('/activate/send', { email })
  assert.deepEqual([refused.status, refused.body['label']], [429, 'too-many-requests'])
  assert.equal(refused.headers['retry-after'], String(MAILS_TO_ADDRESS.windowSeconds))
  await brig.clock.advance(MAILS_TO_ADDRESS.windowSeconds * 1000)
  await codeFor('/activate/send', email)
})

test('a mail that cannot be sent is said to be so', async () => {
  post.isRefusing = true
  const refused = await post8('/activate/send', { email: 'unlucky@mail.example' })
  post.isRefusing = false
  assert.deepEqual([refused.status, refused.body['label']], [503, 'mail-unavailable'])
})

test('backends by invitation open accounts for the invited only', async () => {
  const own = await startTestBrig({ config: { accounts: { registration: 'invited', guests: false } } })
  await using _own = own
  const open = await callPublic(own, { path: '/register', body: { name: 'X', email: 'x@a.example' } })
  const guest = await callPublic(own, { path: '/register', body: { name: 'X' } })
  assert.deepEqual(
    [open.body['label'], guest.body['label']],
    ['user-creation-restricted', 'ephemeral-user-creation-disabled'],
  )
  await assert.rejects(foundTeam(own), /user-creation-restricted/)
})
