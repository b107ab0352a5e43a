import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from './errors.ts'
import { groupCommit } from './group-commit.ts'
import { endOfTurn } from './turn.ts'

/** Commits that end when the test lets them, and what was in each. */
const setUp = (bounds: { itemsMax?: number; weightMax?: number; waitingWeightMax?: number } = {}) => {
  const commits: { readonly items: readonly string[]; end(): void; fail(error: Error): void }[] = []
  const writer = groupCommit<string, string>({
    commit: (items) =>
      new Promise((resolve, reject) => {
        commits.push({ items, end: () => resolve(items.map((item) => `stored ${item}`)), fail: reject })
      }),
    isFaultOfItems: (error) => error instanceof RangeError,
    weightOf: (item) => item.length,
    itemsMax: 100,
    weightMax: 1_000,
    waitingWeightMax: 10_000,
    ...bounds,
  })
  return { commits, writer, items: () => commits.map((commit) => commit.items) }
}

test('a lone caller waits for nobody', async () => {
  const { writer, items } = setUp()
  void writer.write(['a'])
  await endOfTurn()
  assert.deepEqual(items(), [['a']])
})

test('what arrives in one turn goes into one commit, also when it comes in several steps', async () => {
  const { writer, commits, items } = setUp()
  const all = Promise.all([writer.write(['a']), Promise.resolve().then(() => writer.write(['b']))])
  await endOfTurn()
  assert.deepEqual(items(), [['a', 'b']])
  commits[0]?.end()
  assert.deepEqual(await all, [['stored a'], ['stored b']])
})

test('who comes after a lone one waits for nothing at all, and who comes after a crowd for the end of the turn', async () => {
  const { writer, commits, items } = setUp()
  const done: Promise<unknown>[] = []
  const write = (...all: readonly string[]): void => void done.push(...all.map((item) => writer.write([item])))
  write('a')
  await endOfTurn()
  commits[0]?.end()
  await writer.idle()
  write('b', 'c')
  assert.deepEqual(items(), [['a'], ['b']])
  commits[1]?.end()
  await endOfTurn()
  write('d', 'e')
  commits[2]?.end()
  await endOfTurn()
  commits[3]?.end()
  await writer.idle()
  write('f', 'g')
  assert.deepEqual(items(), [['a'], ['b'], ['c'], ['d', 'e']])
  await endOfTurn()
  commits[4]?.end()
  await Promise.all(done)
  assert.deepEqual(items().at(-1), ['f', 'g'])
})

test('what arrives during a commit goes into the next one, together and in order', async () => {
  const { writer, commits, items } = setUp()
  const first = writer.write(['a'])
  await endOfTurn()
  const all = Promise.all([first, writer.write(['b', 'c']), writer.write(['d'])])
  assert.deepEqual(items(), [['a']])
  commits[0]?.end()
  await endOfTurn()
  assert.deepEqual(items(), [['a'], ['b', 'c', 'd']])
  commits[1]?.end()
  await all
  await writer.idle()
})

test('nobody is answered before his own commit has ended', async () => {
  const { writer, commits } = setUp()
  const answered: string[] = []
  for (const item of ['a', 'b']) {
    void writer.write([item]).then(() => answered.push(item))
    await endOfTurn()
  }
  commits[0]?.end()
  await endOfTurn()
  assert.deepEqual(answered, ['a'])
  commits[1]?.end()
  await endOfTurn()
  assert.deepEqual(answered, ['a', 'b'])
})

test('a commit carries no more than it may, by number and by weight', async () => {
  const { writer, commits, items } = setUp({ itemsMax: 3, weightMax: 10 })
  for (const write of [['a'], ['b', 'c'], ['d', 'e'], ['long-item'], ['x', 'y', 'z', 'too-long-for-a-group']]) {
    void writer.write(write)
  }
  await endOfTurn()
  for (let index = 0; index < 6; index += 1) {
    commits[index]?.end()
    await endOfTurn()
  }
  assert.deepEqual(items(), [['a', 'b', 'c'], ['d', 'e'], ['long-item'], ['x', 'y', 'z'], ['too-long-for-a-group']])
})

test('the bad item of one caller does not fail the others', async () => {
  const { writer, commits, items } = setUp()
  const first = writer.write(['a'])
  await endOfTurn()
  const results = Promise.allSettled([writer.write(['b']), writer.write(['bad']), writer.write(['c'])])
  commits[0]?.end()
  await first
  await endOfTurn()
  commits[1]?.fail(new RangeError('bad item'))
  await endOfTurn()
  commits[2]?.end()
  await endOfTurn()
  commits[3]?.fail(new RangeError('bad item'))
  await endOfTurn()
  commits[4]?.end()
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(items(), [['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']])
})

test('when the database is away everybody is told at once', async () => {
  const { writer, commits, items } = setUp()
  const first = writer.write(['a'])
  await endOfTurn()
  const results = Promise.allSettled([writer.write(['b']), writer.write(['c'])])
  commits[0]?.end()
  await first
  await endOfTurn()
  commits[1]?.fail(new Error('connection lost'))
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(items().length, 2)
})

test('what may wait is bounded', async () => {
  const { writer } = setUp({ waitingWeightMax: 5 })
  void writer.write(['running'])
  await endOfTurn()
  void writer.write(['1234'])
  await assert.rejects(writer.write(['56']), (error) => error instanceof Refusal && error.status === 503)
})

test('everybody gets the answers for what he brought', async () => {
  const { writer, commits } = setUp()
  const answers = [writer.write(['a']), writer.write(['b', 'c']), writer.write(['d'])]
  await endOfTurn()
  commits[0]?.end()
  assert.deepEqual(await Promise.all(answers), [['stored a'], ['stored b', 'stored c'], ['stored d']])
})
