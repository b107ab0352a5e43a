import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedQuestion } from './shared-question.ts'

/** Questions that are answered when the test says so. */
const answeredLater = () => {
  const asked: { readonly keys: readonly string[]; answer(): void; fail(why: Error): void }[] = []
  const ask = (keys: readonly string[]) =>
    new Promise<string>((resolve, reject) =>
      asked.push({ keys, answer: () => resolve(keys.join('+')), fail: (why) => reject(why) }),
    )
  return { asked, ask }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a lone question is asked at once; those that come meanwhile share the next one', async () => {
  const { asked, ask } = answeredLater()
  const question = sharedQuestion({ ask, atOnce: 1, keysMax: 10 })
  const first = question(['a'])
  const others = [question(['b', 'c']), question(['c', 'd'])]
  assert.deepEqual(
    asked.map(({ keys }) => keys),
    [['a']],
  )
  asked[0]?.answer()
  assert.equal(await first, 'a')
  await turn()
  assert.deepEqual(asked[1]?.keys, ['b', 'c', 'd'])
  asked[1]?.answer()
  assert.deepEqual(await Promise.all(others), ['b+c+d', 'b+c+d'])
})

test('several may be under way, and one that is full is not made fuller', async () => {
  const { asked, ask } = answeredLater()
  const question = sharedQuestion({ ask, atOnce: 2, keysMax: 2 })
  const all = ['a', 'b', 'c', 'd', 'e'].map((key) => question([key]))
  assert.equal(asked.length, 2)
  for (let index = 0; index < 4; index += 1) {
    asked[index]?.answer()
    await turn()
  }
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c+d', 'c+d', 'e'])
})

test('a question that fails fails those who shared it, and nobody else', async () => {
  const { asked, ask } = answeredLater()
  const question = sharedQuestion({ ask, atOnce: 1, keysMax: 10 })
  const failed = question(['a'])
  const good = question(['b'])
  asked[0]?.fail(new Error('no'))
  await assert.rejects(failed, /no/)
  await turn()
  asked[1]?.answer()
  assert.equal(await good, 'b')
})
