import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gate } from './gate.ts'

interface Task {
  readonly run: () => Promise<string>
  readonly finish: (text: string) => void
}

const task = (started: string[], name: string): Task => {
  const { promise, resolve } = Promise.withResolvers<string>()
  return {
    run: () => {
      started.push(name)
      return promise
    },
    finish: resolve,
  }
}

test('only so many run at once, the next starts when one ends, and beyond the waiting room nobody gets in', async () => {
  const started: string[] = []
  const [first, second, third] = [task(started, 'first'), task(started, 'second'), task(started, 'third')]
  const narrow = gate({ atOnce: 1, waitingMax: 1 })

  const firstRun = narrow.run(first.run)
  const secondRun = narrow.run(second.run)
  const thirdRun = narrow.run(third.run)

  assert.equal(await thirdRun, undefined)
  assert.deepEqual(started, ['first'])
  first.finish('done')
  assert.deepEqual(await firstRun, { result: 'done' })
  second.finish('too')
  assert.deepEqual(await secondRun, { result: 'too' })
  assert.deepEqual(started, ['first', 'second'])
})

test('a task that fails gives its place back', async () => {
  const narrow = gate({ atOnce: 1, waitingMax: 0 })
  await assert.rejects(
    narrow.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.deepEqual(await narrow.run(() => Promise.resolve(1)), { result: 1 })
})
