import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHandle } from './handle-rules.ts'

test('USR-008: handles are short lower-case words that nobody can mistake for the operator', () => {
  for (const good of ['al', 'alice42', 'a_b.c-d', 'x'.repeat(256)]) assert.equal(parseHandle(good), good)
  for (const bad of ['ca$h', 'w', 'Capital', 'wire', 'admin', 'x'.repeat(257), '', 'ü']) {
    assert.equal(parseHandle(bad), undefined, bad)
  }
})
