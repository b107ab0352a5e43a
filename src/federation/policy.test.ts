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

test('those who come while brig is asked share the next question, and none is decided by an older one', async () => {
  const answers: PromiseWithResolvers<KnownRemotes>[] = []
  const isAllowed = policyOf(() => {
    const answer = Promise.withResolvers<KnownRemotes>()
    answers.push(answer)
    return answer.promise
  })
  const listed: KnownRemotes = { strategy: 'allowDynamic', remotes: [{ domain: a }] }
  const early = isAllowed(a)
  const late = Array.from({ length: 50 }, () => isAllowed(a))
  answers[0]?.resolve(listed)
  assert.equal(await early, true)
  assert.equal(answers.length, 2)
  answers[1]?.resolve({ ...listed, remotes: [] })
  assert.deepEqual(new Set(await Promise.all(late)), new Set([false]))
  assert.equal(answers.length, 2)
})

test('a question that failed is put again for those who come later', async () => {
  let asked = 0
  const isAllowed = policyOf(async () => {
    asked += 1
    if (asked === 1) throw new Error('brig is away')
    return { strategy: 'allowAll', remotes: [] }
  })
  const [first, second] = [isAllowed(a), isAllowed(a)]
  await assert.rejects(first, /away/)
  assert.equal(await second, true)
})
