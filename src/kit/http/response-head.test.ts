import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResponseHead } from './response-head.ts'

test('what concerns the connection is acted upon and not passed on', () => {
  const lines = [
    'HTTP/1.1 200 OK',
    'Transfer-Encoding: chunked',
    'Connection: keep-alive',
    'Keep-Alive: timeout=72',
    'Trailer: checksum',
    'Content-Type: text/plain',
  ]
  const head = parseResponseHead(lines.join('\r\n'), 'GET')
  assert.deepEqual(head, {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    extent: 'chunked',
    isKept: true,
    keepAliveSeconds: 72,
  })
})
