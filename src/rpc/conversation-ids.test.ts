import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Domain, UserId } from '#src/contract/ids.ts'
import { derivedOneToOne, localOneToOne, mlsSelf, proteusSelf } from './conversation-ids.ts'

const ONES = '11111111-1111-4111-8111-111111111111'
const TWOS = '22222222-2222-4222-8222-222222222222'
const THREES = '33333333-3333-4333-8333-333333333333'
const B1F2 = 'b1f2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d'
const F47A = 'f47ac10b-58cc-4372-a567-0e02b2c3d479'
const ONE = '00000000-0000-4000-8000-000000000001'

const user = (qualified: string) => {
  const [id, domain] = qualified.split('@')
  return { id: UserId.parse(id), domain: Domain.parse(domain) }
}

const derived = (protocol: 'proteus' | 'mls', one: string, other: string): string => {
  const { id, domain } = derivedOneToOne(protocol, user(one), user(other))
  return `${id}@${domain}`
}

const proteusVectors: readonly (readonly [string, string, string])[] = [
  // federation-api.md Appendix B
  [`${ONES}@a.example.com`, `${TWOS}@b.example.com`, '7754c2ef-29cd-540c-8ad8-58a67c19144a@b.example.com'],
  [`${ONES}@a.example.com`, `${THREES}@b.example.com`, '33548a15-e5e4-541c-8116-c75ae9989c33@b.example.com'],
  // rules.md §3.1
  [`${ONES}@a.example`, `${TWOS}@b.example`, '1b1e95b3-b825-59bb-b122-16814f52a0ed@a.example'],
  [`${TWOS}@a.example`, `${ONES}@b.example`, '8e545f3b-8af3-51b7-a388-d168fdd8322f@b.example'],
  [`${F47A}@chat.example.org`, `${B1F2}@a.example`, '23ddf06a-cc46-50dc-af79-a7d527872dfe@a.example'],
  [`${ONE}@a.example`, `${ONES}@b.example`, 'dcb3693b-c6ec-5fc6-9bf3-43275e5347aa@b.example'],
]

const mlsVectors: readonly (readonly [string, string, string])[] = [
  [`${ONES}@a.example.com`, `${TWOS}@b.example.com`, '7b8fe68c-48c6-5944-9e5b-e236e4bf891d@a.example.com'],
  [`${ONES}@a.example.com`, `${THREES}@b.example.com`, 'ef4666bd-9d59-5580-b264-75ef0677d2c5@b.example.com'],
  [`${ONES}@a.example`, `${TWOS}@b.example`, '996d3b05-acaf-5d5c-a1d2-a7947387bb10@a.example'],
  [`${TWOS}@a.example`, `${ONES}@b.example`, '676a4631-2a36-56b2-a1db-87f3edaa0730@a.example'],
  [`${B1F2}@a.example`, `${F47A}@a.example`, '8189c145-0724-5efd-9d8f-d779d26cc02f@a.example'],
  [`${F47A}@chat.example.org`, `${B1F2}@a.example`, '0d0003a3-8579-536f-806a-7583367d894c@chat.example.org'],
  [`${ONE}@a.example`, `${ONES}@b.example`, '518d648a-0492-5be4-bf52-67d33dd44da7@b.example'],
]

test('two backends compute the same Proteus conversation of two users', () => {
  assert.deepEqual(
    proteusVectors.map(([one, other]) => derived('proteus', one, other)),
    proteusVectors.map(([, , expected]) => expected),
  )
})

test('two backends compute the same MLS conversation of two users', () => {
  assert.deepEqual(
    mlsVectors.map(([one, other]) => derived('mls', one, other)),
    mlsVectors.map(([, , expected]) => expected),
  )
})

test('users of one backend meet in the sum of their ids', () => {
  const meet = (one: string, other: string) => localOneToOne(UserId.parse(one), UserId.parse(other))
  // client-users.md §7.4
  assert.equal(
    meet('f1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d', '9f8e7d6c-5b4a-4392-a1b0-c1d2e3f4a5b6'),
    '91414140-4140-4e0d-ae4d-cff10e2ff213',
  )
  // rules.md §3.2
  assert.equal(meet(ONES, TWOS), THREES)
  assert.equal(meet(B1F2, F47A), 'a66d84df-3ec2-4ded-b204-1c21dcff20d6')
})

test('the conversation of a user with himself is found from his id', () => {
  assert.equal(proteusSelf(UserId.parse(ONES)), ONES)
  assert.equal(mlsSelf(UserId.parse(ONES)), '7a6b9407-5a16-530a-a151-69631a14a5bd')
})

const anyUser = fc.record({
  id: fc.uuid().map((id) => UserId.parse(id)),
  domain: fc.constantFrom('a.example', 'b.example', 'c.b.example').map((domain) => Domain.parse(domain)),
})

test('it does not matter who computes the conversation of two users', () => {
  fc.assert(
    fc.property(anyUser, anyUser, fc.constantFrom('proteus', 'mls'), (one, other, protocol) => {
      assert.deepEqual(derivedOneToOne(protocol, one, other), derivedOneToOne(protocol, other, one))
      assert.equal(localOneToOne(one.id, other.id), localOneToOne(other.id, one.id))
    }),
  )
})

test('the owner of a conversation of two is the backend of one of them', () => {
  fc.assert(
    fc.property(anyUser, anyUser, fc.constantFrom('proteus', 'mls'), (one, other, protocol) => {
      const { domain } = derivedOneToOne(protocol, one, other)
      assert.ok([one.domain, other.domain].includes(domain))
    }),
  )
})
