import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TEXT_CHARACTERS_MAX } from './limits.ts'
import { listed, plain } from './plain-text.ts'

test('nothing that a stranger names can move the cursor or turn the text around', () => {
  assert.equal(plain('CN=\u001b[2Jevil\u009b1m\r\nok\u202etxt'), 'CN=·[2Jevil·1m·ok·txt')
  assert.equal(plain('müller “CN=a.test”'), 'müller “CN=a.test”')
})

test('a text without end is cut', () => {
  assert.equal(plain('a'.repeat(100_000)).length, TEXT_CHARACTERS_MAX + 1)
})

test('a list tells how much more there is', () => {
  assert.equal(listed(['a', 'b'], 2), 'a, b')
  assert.equal(listed(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more')
})
