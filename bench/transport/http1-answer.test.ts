import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnswer } from './http1-answer.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello'
const CHUNKED = 'HTTP/1.1 533 Odd\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'

test('an answer ends where its length or its last chunk says', () => {
  assert.deepEqual(parseAnswer(Buffer.from(`${LENGTH}HTTP/1.1`)), { status: 200, bodyBytes: 5, end: LENGTH.length })
  assert.deepEqual(parseAnswer(Buffer.from(`${CHUNKED}HTTP/1.1`)), { status: 533, bodyBytes: 5, end: CHUNKED.length })
})

test('an answer that is cut anywhere is not whole yet', () => {
  for (const text of [LENGTH, CHUNKED]) {
    const cut = Array.from({ length: text.length }, (_, size) => parseAnswer(Buffer.from(text.slice(0, size))))
    assert.deepEqual(new Set(cut), new Set([undefined]))
  }
})

test('an answer that ends with its connection is refused: connections are kept here', () => {
  assert.throws(() => parseAnswer(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /without length/)
})
