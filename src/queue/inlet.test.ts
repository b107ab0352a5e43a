import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Inlet } from './inlet.ts'
import { HEAD_BYTES_MAX, HEAD_ROWS_MAX } from './limits.ts'
import type { Head, StoredLetter } from './outbox-store.ts'

const letters = (...ids: readonly number[]): StoredLetter[] =>
  ids.map((id) => ({ id: String(id), text: '{}', topics: [0] }))
const idsOf = (taken: readonly StoredLetter[]): number[] => taken.map(({ id }) => Number(id))
const found = (...ids: readonly number[]): Head => ({ letters: letters(...ids), isAll: true, isPaused: false })
const ERA = 1

const opened = (era: () => number | undefined = () => ERA): Inlet => {
  const inlet = new Inlet(era)
  inlet.open(() => true)
  return inlet
}

const caughtUp = (era?: () => number | undefined): Inlet => {
  const inlet = opened(era)
  inlet.beginReading()
  inlet.endReading(found())
  return inlet
}

test('what follows on a reading that found all is taken in its order', () => {
  const inlet = caughtUp()
  assert.equal(inlet.hasMore, false)
  assert.deepEqual([inlet.give(letters(5, 6), ERA), inlet.give(letters(7), ERA)], [true, true])
  assert.deepEqual([inlet.hasMore, inlet.isUnread], [true, false])
  assert.deepEqual([idsOf(inlet.take()), idsOf(inlet.take()), inlet.hasMore], [[5, 6, 7], [], false])
})

test('nothing is taken before the lane was read, nor while something rang that was not', () => {
  const inlet = opened()
  assert.equal(inlet.give(letters(1), ERA), false)
  inlet.beginReading()
  inlet.endReading(found())
  inlet.ring()
  assert.deepEqual([inlet.give(letters(2), ERA), inlet.isUnread], [false, true])
  inlet.beginReading()
  inlet.endReading(found(2))
  assert.equal(inlet.give(letters(3), ERA), true)
})

test('what comes while the lane is read goes after what is read, and not twice', () => {
  const inlet = opened()
  inlet.beginReading()
  assert.equal(inlet.give(letters(7, 8), ERA), true)
  assert.deepEqual(idsOf(inlet.take()), [])
  inlet.endReading(found(5, 7))
  assert.deepEqual(idsOf(inlet.take()), [8])
})

test('what rang while the lane was read is read then, and what came before the ring is not lost', () => {
  const inlet = opened()
  inlet.beginReading()
  assert.equal(inlet.give(letters(7), ERA), true)
  inlet.ring()
  assert.equal(inlet.give(letters(8), ERA), false)
  inlet.endReading(found())
  assert.deepEqual([idsOf(inlet.take()), inlet.isUnread], [[7], true])
})

test('a reading that did not find all, or failed, counts for nothing', () => {
  for (const head of [{ ...found(5), isAll: false }, undefined]) {
    const inlet = opened()
    inlet.beginReading()
    inlet.give(letters(7), ERA)
    inlet.endReading(head)
    assert.deepEqual([idsOf(inlet.take()), inlet.isUnread, inlet.give(letters(8), ERA)], [[], true, false])
  }
})

test('a lane that is paused takes nothing, and need not be read before somebody rings', () => {
  const inlet = opened()
  inlet.beginReading()
  inlet.give(letters(7), ERA)
  inlet.endReading({ letters: [], isAll: false, isPaused: true })
  assert.deepEqual([inlet.hasMore, inlet.give(letters(8), ERA)], [false, false])
  inlet.beginReading()
  inlet.ring()
  inlet.endReading({ letters: [], isAll: false, isPaused: true })
  assert.equal(inlet.isUnread, true)
})

test('only what was written in the era in which the last reading began is taken', () => {
  const eras = [undefined, 1]
  const inlet = caughtUp(() => eras.shift())
  assert.equal(inlet.give(letters(1), 1), false)
  inlet.beginReading()
  inlet.endReading(found(1))
  assert.deepEqual([inlet.give(letters(2), 1), inlet.give(letters(9), 2)], [true, false])
})

test('what was read already is not taken once more', () => {
  const inlet = opened()
  inlet.beginReading()
  inlet.endReading(found(4, 5, 9))
  assert.deepEqual([inlet.give(letters(5), ERA), inlet.give(letters(10), ERA)], [false, true])
})

test('no more is taken than memory should hold, and than who drains has room for', () => {
  const inlet = caughtUp()
  const many = Array.from({ length: HEAD_ROWS_MAX }, (_, index) => index + 1)
  assert.deepEqual([inlet.give(letters(...many), ERA), inlet.give(letters(1_000), ERA)], [true, false])
  const large = caughtUp()
  const huge = [{ id: '1', text: 'x'.repeat(HEAD_BYTES_MAX + 1), topics: [0] }]
  assert.equal(large.give(huge, ERA), false)
  const narrow = new Inlet(() => ERA)
  narrow.open((some) => some.length < 2)
  narrow.beginReading()
  narrow.endReading(found())
  assert.deepEqual([narrow.give(letters(1, 2), ERA), narrow.give(letters(3), ERA)], [false, true])
})

test('what is forgotten, or left when the lane is closed, is read again', () => {
  for (const end of [(inlet: Inlet) => inlet.forget(), (inlet: Inlet) => inlet.close()]) {
    const inlet = caughtUp()
    inlet.give(letters(1), ERA)
    end(inlet)
    assert.deepEqual([idsOf(inlet.take()), inlet.isUnread, inlet.give(letters(2), ERA)], [[], true, false])
  }
})
