import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from './clock.ts'
import { DeadlineExceeded, withDeadline } from './deadline.ts'
import { seededRandom } from './random.ts'

test('a test clock runs what became due in order of time', async () => {
  const clock = testClock()
  const ran: string[] = []
  clock.after(20, () => ran.push('second'))
  clock.after(10, () => ran.push('first'))
  clock.after(15, () => ran.push('never'))[Symbol.dispose]()
  await clock.advance(19)
  assert.deepEqual(ran, ['first'])
  await clock.advance(1)
  assert.deepEqual(ran, ['first', 'second'])
})

test('a test clock that jumps runs what became due once, and late', async () => {
  const clock = testClock()
  const ran: number[] = []
  const again = (): void => {
    ran.push(clock.monotonicMs())
    clock.after(10, again)
  }
  clock.after(10, again)
  await clock.jump(1_000)
  assert.deepEqual(ran, [1_000])
})

test('work past its deadline is aborted and named', async () => {
  let wasAborted = false
  const work = (signal: AbortSignal) =>
    new Promise<never>(() => signal.addEventListener('abort', () => (wasAborted = true)))
  await assert.rejects(withDeadline(work, 1, 'resolving b.example'), (error) => {
    assert.ok(error instanceof DeadlineExceeded)
    return error.what === 'resolving b.example'
  })
  assert.ok(wasAborted)
})

test('a seed repeats its numbers and makes valid version 4 ids', () => {
  const [one, two] = [seededRandom(7), seededRandom(7)]
  assert.deepEqual(one.bytes(8), two.bytes(8))
  assert.equal(one.uuid(), two.uuid())
  assert.match(one.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
