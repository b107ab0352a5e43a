import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientAddress } from './client-address.ts'

const behind = clientAddress(['10.0.0.0/8', '2001:db8::/32'])

test('without trusted proxies nobody is believed about where he comes from', () => {
  assert.equal(clientAddress([])('203.0.113.1', '198.51.100.1'), '203.0.113.1')
  assert.equal(behind('203.0.113.1', '198.51.100.1'), '203.0.113.1')
})

test('a trusted proxy is believed about who called it, and nothing that he wrote before', () => {
  assert.equal(behind('10.0.0.1', '198.51.100.1'), '198.51.100.1')
  assert.equal(behind('10.0.0.1', '192.0.2.66, 198.51.100.1'), '198.51.100.1')
  assert.equal(behind('::ffff:10.0.0.1', '192.0.2.66,  198.51.100.1 , 10.0.0.2'), '198.51.100.1')
  assert.equal(behind('2001:db8::1', '2001:db9::7'), '2001:db9::7')
})

test('a proxy that says nothing, or nonsense, is all that is known', () => {
  assert.equal(behind('10.0.0.1', undefined), '10.0.0.1')
  assert.equal(behind('10.0.0.1', 'unknown'), '10.0.0.1')
  assert.equal(behind('10.0.0.1', '198.51.100.1, nonsense'), '10.0.0.1')
  assert.equal(behind(undefined, '198.51.100.1'), '')
})
