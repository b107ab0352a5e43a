import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEmail } from './email.ts'

test('addresses that people have are understood, and case does not make two of one', () => {
  for (const typed of ['alice@alpha.test', ' Alice@Alpha.test ', 'a.b+c@sub.example.org', 'jörg@example.org']) {
    assert.ok(parseEmail(typed), typed)
  }
  assert.equal(parseEmail(' Alice@Alpha.test ')?.shown, 'Alice@Alpha.test')
  assert.equal(parseEmail('Alice@Alpha.test')?.key, parseEmail('alice@alpha.TEST')?.key)
})

test('what cannot be an address is none', () => {
  const wrong = [
    '',
    'alice',
    '@alpha.test',
    'alice@',
    'alice@alpha',
    'a b@alpha.test',
    '.a@alpha.test',
    'a..b@alpha.test',
  ]
  const dangerous = [
    'a@alpha.test\r\nBcc: b@beta.test',
    '<a@alpha.test>',
    'a\0@alpha.test',
    `${'a'.repeat(65)}@alpha.test`,
  ]
  for (const typed of [...wrong, ...dangerous]) assert.equal(parseEmail(typed), undefined, JSON.stringify(typed))
})
