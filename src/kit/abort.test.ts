import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { onAbort } from './abort.ts'

test('all who listen are told once, and nobody who has stopped listening', () => {
  const controller = new AbortController()
  const told: string[] = []
  const names = ['first', 'second', 'third', 'fourth']
  const stops = names.map((name) => onAbort(controller.signal, () => told.push(name)))
  stops[1]?.()
  stops[1]?.()
  controller.abort()
  assert.deepEqual(told.toSorted(), ['first', 'fourth', 'third'])
  for (const stop of stops) stop()
  assert.equal(told.length, 3)
})

test('who comes and goes leaves the others in their places', () => {
  const controller = new AbortController()
  const told: number[] = []
  const stops = Array.from({ length: 9 }, (_, index) => onAbort(controller.signal, () => told.push(index)))
  for (const index of [8, 0, 4, 7]) stops[index]?.()
  onAbort(controller.signal, () => told.push(9))
  stops[1]?.()
  controller.abort()
  assert.deepEqual(
    told.toSorted((one, other) => one - other),
    [2, 3, 5, 6, 9],
  )
})

test('one who is told may end the listening of another', () => {
  const controller = new AbortController()
  const told: string[] = []
  const stops: (() => void)[] = []
  onAbort(controller.signal, () => {
    told.push('first')
    for (const stop of stops) stop()
  })
  stops.push(onAbort(controller.signal, () => told.push('second')))
  controller.abort()
  assert.deepEqual(told, ['first'])
})

test('what a listener held is let go by a collection of what is young', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void
  const { signal } = new AbortController()
  const listen = (): (() => void) => {
    const held = Array.from({ length: 1_000 }, (_, index) => ({ index }))
    return onAbort(signal, () => void held.length)
  }
  // Always before the one before has gone.
  const comeAndGo = (times: number, first = listen()): void => {
    let stop = first
    for (let time = 0; time < times; time += 1) {
      const next = listen()
      stop()
      stop = next
    }
    stop()
  }
  comeAndGo(100)
  collect()
  const old = listen()
  for (let time = 0; time < 3; time += 1) collect({ type: 'minor' })
  const young = listen()
  old()
  const before = youngAndOldMb()
  comeAndGo(300, young)
  collect({ type: 'minor' })
  const kept = youngAndOldMb() - before
  // They held 15 MB.
  assert.ok(kept < 3, `kept ${kept} MB`)
})

const youngAndOldMb = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name === 'new_space' || space_name === 'old_space')
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0) / 1e6
