import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './verdict.ts'

const attempted = ['1', '2', '3', '4']

test('all that was acknowledged, once and in order, is well; so is what nobody knows of, in its place', () => {
  assert.deepEqual(violations({ acknowledged: ['1', '2', '4'], attempted, texts: ['1', '2', '4'] }), [])
  assert.deepEqual(violations({ acknowledged: ['1', '2', '4'], attempted, texts: ['1', '2', '3', '4'] }), [])
})

test('what is lost, comes twice, in the wrong place or from nowhere is named', () => {
  assert.deepEqual(violations({ acknowledged: ['1', '2'], attempted, texts: ['1'] }), ['lost although acknowledged: 2'])
  assert.deepEqual(violations({ acknowledged: ['1'], attempted, texts: ['1', '1'] }), ['2 times: 1'])
  assert.deepEqual(violations({ acknowledged: ['1'], attempted, texts: ['3', '1'] }), ['1 after 3'])
  assert.deepEqual(violations({ acknowledged: [], attempted, texts: ['1', '7'] }), ['7 after 1', 'nobody wrote 7'])
})
