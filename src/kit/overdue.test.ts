import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from './clock.ts'
import { Overdue, type Waiting } from './overdue.ts'

interface Named extends Waiting<Named> {
  readonly name: string
}

const named = (name: string): Named => ({ name, movedMs: 0, ahead: undefined, behind: undefined })

const line = () => {
  const clock = testClock()
  const overdue: string[] = []
  return { clock, overdue, waiting: new Overdue<Named>(clock, 100, ({ name }) => void overdue.push(name)) }
}

test('who stands still is found, in the order in which they moved last', async () => {
  const { clock, overdue, waiting } = line()
  const [one, two, three] = [named('one'), named('two'), named('three')]
  for (const each of [one, two, three]) waiting.moved(each)
  await clock.advance(50)
  waiting.moved(two)
  await clock.advance(50)
  assert.deepEqual(overdue, ['one', 'three'])
  await clock.advance(50)
  assert.deepEqual(overdue, ['one', 'three', 'two'])
})

test('who leaves is not found, wherever he stands and however often he says it', async () => {
  const { clock, overdue, waiting } = line()
  const all = ['first', 'second', 'third', 'fourth', 'last'].map(named)
  for (const each of all) waiting.moved(each)
  for (const index of [0, 2, 4, 4]) waiting.leave(all[index] ?? named('nobody'))
  waiting.leave(named('a stranger'))
  await clock.advance(100)
  assert.deepEqual(overdue, ['second', 'fourth'])
})

test('who was alone may come back, and the one who moves as the last is last still', async () => {
  const { clock, overdue, waiting } = line()
  const [one, two] = [named('one'), named('two')]
  waiting.moved(one)
  waiting.leave(one)
  await clock.advance(50)
  waiting.moved(two)
  waiting.moved(one)
  waiting.moved(one)
  await clock.advance(99)
  assert.deepEqual(overdue, [])
  await clock.advance(1)
  assert.deepEqual(overdue, ['two', 'one'])
})

test('nobody is found once the line is disposed of', async () => {
  const { clock, overdue, waiting } = line()
  waiting.moved(named('one'))
  waiting[Symbol.dispose]()
  await clock.advance(200)
  assert.deepEqual(overdue, [])
})
