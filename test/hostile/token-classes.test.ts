/**
 * Every route of the client API, and every internal one, with a token of every class (client-auth.md §6, §7): a class
 * opens the routes that are its own and no other. All of them are signed by the backend itself, so that only the class
 * can be what refuses them. The list of routes is the contract, so a new endpoint is tried from its first day.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALICE, SOON, startTestGateway, type TestGateway, testSigner } from '#src/gateway/testing.ts'
import { addressOf, INTERNAL_TARGETS, needsToken, type Target, TARGETS } from './client-endpoints.ts'

const CLASSES = ['none', 'access', 'user', 'bot', 'provider', 'legal hold access', 'legal hold user'] as const
type Class = (typeof CLASSES)[number]

/** Where a token may stand in a request. */
const PLACES = ['header', 'query', 'cookie'] as const
type Place = (typeof PLACES)[number]

let gateway: TestGateway
before(async () => {
  gateway = await startTestGateway()
})
after(() => gateway[Symbol.asyncDispose]())

const SOMEBODY = '6f1e1f2a-0000-4000-8000-00000000dddd'

const tokenOf = (of: Class, signer = gateway.signer): string => {
  const claims = (type: string, body: string) => signer.anything(`v=1.k=1.d=${SOON}.t=${type}.l=.${body}`)
  const tokens: Record<Class, string> = {
    none: '',
    access: signer.accessToken({ expiresAt: SOON }),
    user: signer.cookie({ expiresAt: SOON }),
    bot: claims('b', `p=${SOMEBODY}.b=${ALICE}.c=${SOMEBODY}`),
    provider: claims('p', `p=${SOMEBODY}`),
    'legal hold access': claims('la', `u=${ALICE}.c=1`),
    'legal hold user': claims('lu', `u=${ALICE}.r=00000001`),
  }
  return tokens[of]
}

const ask = async (target: Target, token: string, place: Place) => {
  gateway.reset()
  const address = addressOf(target)
  const placed: Record<Place, Record<string, string>> = {
    header: { authorization: `Bearer ${token}` },
    query: {},
    cookie: { cookie: `zuid=${token}; zprovider=${token}` },
  }
  const headers = placed[place]
  const path = place === 'query' ? `${address}?access_token=${encodeURIComponent(token)}` : address
  const { status } = await gateway.ask(path, { method: target.method, headers: token === '' ? {} : headers })
  const sent = gateway.received.map(({ headers: { 'z-user': user } }) => user)
  return { status, sent }
}

const isOwn = ({ path }: Target): boolean => ['/await', '/events', '/websocket'].includes(path)

test('an access token opens what needs one, and no other class does', async () => {
  const wrong: string[] = []
  for (const target of TARGETS.filter((one) => needsToken(one) && !isOwn(one))) {
    for (const of of CLASSES) {
      for (const place of PLACES) {
        const { status, sent } = await ask(target, tokenOf(of), place)
        const isOpen = of === 'access' && place !== 'cookie'
        const isRight = isOpen ? sent.join() === ALICE : sent.length === 0 && (status === 401 || status === 403)
        if (!isRight) wrong.push(`${target.method} ${target.path}: ${of} in the ${place} is answered ${status}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('what anybody may ask is asked as nobody, whatever token comes along', async () => {
  const wrong: string[] = []
  for (const target of TARGETS.filter((one) => !needsToken(one) && !isOwn(one))) {
    for (const of of CLASSES) {
      for (const place of PLACES) {
        const { sent } = await ask(target, tokenOf(of), place)
        if (sent.some((user) => user !== undefined))
          wrong.push(`${target.method} ${target.path}: ${of} in the ${place}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('no token of any class reaches what only our own parts may ask', async () => {
  const wrong: string[] = []
  for (const target of INTERNAL_TARGETS) {
    for (const of of CLASSES) {
      for (const place of PLACES) {
        const { status, sent } = await ask(target, tokenOf(of), place)
        if (sent.length > 0 || (status !== 404 && status !== 405)) {
          wrong.push(`${target.method} ${target.path}: ${of} in the ${place} is answered ${status}`)
        }
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('an access token of another backend opens nothing', async () => {
  const wrong: string[] = []
  for (const target of TARGETS.filter((one) => needsToken(one) && !isOwn(one))) {
    const { status, sent } = await ask(target, tokenOf('access', testSigner(1)), 'header')
    if (sent.length > 0 || status !== 401) wrong.push(`${target.method} ${target.path} is answered ${status}`)
  }
  assert.deepEqual(wrong, [])
})
