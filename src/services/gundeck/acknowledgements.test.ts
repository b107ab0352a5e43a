import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acknowledgements } from './acknowledgements.ts'

const BEGIN = { upTo: 10, beyond: [] }

test('what is acknowledged in order is forgotten up to there', () => {
  const acks = acknowledgements(BEGIN)
  const tags = [11, 12, 13].map((at) => acks.sent(at))
  assert.deepEqual(tags, [1, 2, 3])
  assert.equal(acks.acknowledge(1, false), true)
  assert.deepEqual(acks.state(), { upTo: 11, beyond: [] })
  assert.equal(acks.acknowledge(3, true), true)
  assert.deepEqual([acks.state(), acks.unacknowledged], [{ upTo: 13, beyond: [] }, 0])
})

test('what is acknowledged out of order waits for what was before', () => {
  const acks = acknowledgements(BEGIN)
  for (const at of [11, 12, 13]) acks.sent(at)
  acks.acknowledge(2, false)
  assert.deepEqual(acks.state(), { upTo: 10, beyond: [12] })
  acks.acknowledge(1, false)
  assert.deepEqual(acks.state(), { upTo: 12, beyond: [] })
})

test('what an earlier connection acknowledged out of order counts once this one has come that far', () => {
  const acks = acknowledgements({ upTo: 10, beyond: [12] })
  acks.sent(11)
  acks.acknowledge(1, false)
  assert.equal(acks.isAcknowledged(12), true)
  assert.deepEqual(acks.state(), { upTo: 11, beyond: [12] })
  acks.sent(13)
  acks.acknowledge(2, false)
  assert.deepEqual(acks.state(), { upTo: 13, beyond: [] })
})

test('a tag that was never sent is none; one that was acknowledged before may be so again', () => {
  const acks = acknowledgements(BEGIN)
  acks.sent(11)
  acks.sent(undefined)
  assert.equal(acks.acknowledge(3, true), false)
  assert.equal(acks.acknowledge(2, true), true)
  assert.equal(acks.acknowledge(1, false), true)
  assert.deepEqual([acks.state(), acks.unacknowledged], [{ upTo: 11, beyond: [] }, 0])
})

test('nothing is forgotten that was not acknowledged, and nothing acknowledged is sent again', () => {
  const steps = fc.array(fc.record({ tag: fc.integer({ min: 1, max: 30 }), isMultiple: fc.boolean() }))
  fc.assert(
    fc.property(steps, (acked) => {
      const acks = acknowledgements({ upTo: 0, beyond: [] })
      for (let at = 1; at <= 30; at += 1) acks.sent(at)
      const seen = new Set<number>()
      for (const { tag, isMultiple } of acked) {
        acks.acknowledge(tag, isMultiple)
        for (let at = isMultiple ? 1 : tag; at <= tag; at += 1) seen.add(at)
      }
      const again = acknowledgements(acks.state())
      const known = Array.from({ length: 30 }, (_, index) => index + 1).filter((at) => again.isAcknowledged(at))
      assert.deepEqual(new Set(known), seen)
    }),
  )
})
