import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppAnswer, AppRequest } from '#src/world/app-http.ts'
import { differencesFrom } from './differences.ts'
import { ownDocument, referenceDocument } from './documents.ts'
import { pathPattern } from './paths.ts'

const own = ownDocument()
const ID = '6f1e6d2a-0000-4000-8000-000000000001'
const user = {
  id: ID,
  qualified_id: { id: ID, domain: 'a.test' },
  name: 'Alice',
  picture: [],
  assets: [],
  accent_id: 1,
  legalhold_status: 'no_consent',
  supported_protocols: ['proteus'],
  type: 'regular',
  searchable: true,
}

const get = (path: string, status: number, body: unknown) => exchange({ method: 'GET', path }, { status, body })
const exchange = (request: AppRequest, { status, body }: Pick<AppAnswer, 'status' | 'body'>) => ({
  request,
  answer: { status, body, headers: {} },
})

test('an answer as documented differs in nothing, under every spelling of its path', () => {
  for (const path of [`/users/a.test/${ID}`, `/users/${ID}`]) {
    assert.deepEqual(differencesFrom(own, get(path, 200, user)), [])
  }
  const notFound = { code: 404, label: 'not-found', message: 'no' }
  assert.deepEqual(differencesFrom(own, get(`/users/a.test/${ID}`, 404, notFound)), [])
  const unreachable = { code: 521, label: 'federation-connection-refused', message: 'no', data: { type: 'federation' } }
  assert.deepEqual(differencesFrom(own, get(`/users/a.test/${ID}`, 521, unreachable)), [])
})

test('what is too much, missing, null or of another type is named', () => {
  const { name: _, ...nameless } = user
  const wrong = { ...nameless, accent_id: 'red', handle: null, secret: 1 }
  assert.deepEqual(differencesFrom(own, get(`/users/a.test/${ID}`, 200, wrong)).toSorted(), [
    'ours: GET /users/{domain}/{user} 200: /accent_id must be integer',
    'ours: GET /users/{domain}/{user} 200: /handle must be string',
    'ours: GET /users/{domain}/{user} 200: must NOT have additional properties: secret',
    "ours: GET /users/{domain}/{user} 200: must have required property 'name'",
  ])
})

test('places in lists, ids and domains make no difference of their own', () => {
  const listed = { found: [user, { ...user, name: 1 }, { ...user, name: 2 }] }
  const request = { method: 'POST', path: '/list-users' } as const
  assert.deepEqual(differencesFrom(own, exchange(request, { status: 200, body: listed })), [
    'ours: POST /list-users 200: /found/*/name must be string',
  ])
})

test('a label that is not declared, a body where none belongs and an unknown request are differences', () => {
  const label = { code: 404, label: 'no-such-thing', message: 'no' }
  assert.match(differencesFrom(own, get(`/users/a.test/${ID}`, 404, label)).join(), /\/label must be equal to constant/)
  assert.deepEqual(differencesFrom(own, get('/properties/x', 404, label)), [
    'ours: GET /properties/{key} 404: there is a body',
  ])
  assert.deepEqual(differencesFrom(own, get('/nothing/here', 200, {})), ['ours: GET /nothing/here is not documented'])
  assert.deepEqual(differencesFrom(own, get('/nothing/here', 404, label)), [])
})

const reference = referenceDocument()
test(
  'the reference is asked only about what it describes, and knows nothing of null',
  { skip: !reference && 'the reference (../shared/wire-data/openapi) is not beside this repository' },
  () => {
    assert.ok(reference)
    assert.deepEqual(differencesFrom(reference, get('/nothing/here', 200, {})), [])
    assert.deepEqual(differencesFrom(reference, get(`/users/a.test/${ID}`, 418, {})), [])
    assert.deepEqual(differencesFrom(reference, get(`/users/a.test/${ID}`, 200, { ...user, handle: null })), [])
    assert.deepEqual(differencesFrom(reference, get(`/users/a.test/${ID}`, 200, { ...user, accent_id: 'red' })), [
      'reference: GET /users/{uid_domain}/{uid} 200: /accent_id must be integer',
    ])
  },
)

test('a path that is spelled out goes before one with a parameter', () => {
  const [literal, open] = [pathPattern('/conversations/list'), pathPattern('/conversations/{id}')]
  assert.ok(literal.fits('/conversations/list') && open.fits('/conversations/list'))
  assert.ok(literal.literals > open.literals)
  assert.ok(!open.fits('/conversations/') && !open.fits('/conversations/a/b'))
})
