import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { type KnownRemotes, policyOf } from './policy.ts'

const a = Domain.parse('a.test')
const b = Domain.parse('b.test')

test('the strategy decides, and the list only where it is dynamic', async () => {
  const allows = (strategy: KnownRemotes['strategy']) => policyOf(async () => ({ strategy, remotes: [{ domain: a }] }))
  assert.equal(await allows('allowNone')(a), false)
  assert.equal(await allows('allowAll')(b), true)
  assert.equal(await allows('allowDynamic')(a), true)
  assert.equal(await allows('allowDynamic')(b), false)
})

test('a change of the list is effective for the next check', async () => {
  let known: KnownRemotes = { strategy: 'allowDynamic', remotes: [{ domain: a }] }
  const isAllowed = policyOf(async () => known)
  assert.equal(await isAllowed(a), true)
  known = { strategy: 'allowDynamic', remotes: [] }
  assert.equal(await isAllowed(a), false)
})

test('without an answer about the list nobody is let in', async () => {
  const isAllowed = policyOf(() => Promise.reject(new Error('brig is away')))
  await assert.rejects(isAllowed(a), /brig is away/)
})

test('the first does not wait, those who come with or after it share a question, and none is decided by an older one', async () => {
  const answers: PromiseWithResolvers<KnownRemotes>[] = []
  const asked = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
  const isAllowed = policyOf(() => {
    const answer = Promise.withResolvers<KnownRemotes>()
    asked[answers.push(answer) - 1]?.resolve()
    return answer.promise
  })
  const many = () => Promise.all(Array.from({ length: 50 }, () => isAllowed(a)))
  const listed: KnownRemotes = { strategy: 'allowDynamic', remotes: [{ domain: a }] }
  const first = isAllowed(a)
  assert.equal(answers.length, 1)
  const together = many()
  answers[0]?.resolve(listed)
  assert.equal(await first, true)
  await asked[1]?.promise
  const late = many()
  answers[1]?.resolve(listed)
  assert.deepEqual(new Set(await together), new Set([true]))
  await asked[2]?.promise
  answers[2]?.resolve({ ...listed, remotes: [] })
  assert.deepEqual(new Set(await late), new Set([false]))
  assert.equal(answers.length, 3)
})

test('a question that failed is put again for those who come later', async () => {
  let asked = 0
  const isAllowed = policyOf(async () => {
    asked += 1
    if (asked === 1) throw new Error('brig is away')
    return { strategy: 'allowAll', remotes: [] }
  })
  await assert.rejects(isAllowed(a), /away/)
  assert.equal(await isAllowed(a), true)
})
