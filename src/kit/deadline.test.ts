import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlineExceeded, within } from './deadline.ts'

const silent = (): Promise<never> => new Promise(() => {})

test('a call that heeds no signal ends all the same when it is cut off', async () => {
  const cutting = new AbortController()
  const call = within(silent, { cutOff: cutting.signal, ms: 60_000, what: 'calling' })
  cutting.abort(new Error('cut off'))
  await assert.rejects(call, /cut off/)
})

test('a call that heeds no signal ends all the same when its time is over', async () => {
  const call = within(silent, { cutOff: new AbortController().signal, ms: 1, what: 'calling' })
  await assert.rejects(call, (error) => error instanceof DeadlineExceeded && error.what === 'calling')
})

test('nothing is begun that was cut off before', async () => {
  let isBegun = false
  const begin = async (): Promise<void> => {
    isBegun = true
  }
  const call = within(begin, { cutOff: AbortSignal.abort(new Error('cut off')), ms: 60_000, what: 'calling' })
  await assert.rejects(call, /cut off/)
  assert.equal(isBegun, false)
})

test('a call that ends in time gives its result', async () => {
  const never = new AbortController().signal
  assert.equal(await within(async () => 7, { cutOff: never, ms: 60_000, what: 'calling' }), 7)
})
