import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verified } from './peer.ts'
import { failed, ok } from './step.ts'

const REFUSED = { isAuthorized: false, verdict: 'SOME_REASON' }
const ACCEPTED = { isAuthorized: true, verdict: '' }
const missing = failed('its issuer is missing', { why: 'w', change: 'c' })

test('a chain that looks good and is refused all the same is no good chain', () => {
  const found = verified(ok('it comes from an authority'), { handshake: REFUSED, isExplained: false, mender: 'they' })
  assert.equal(found.verdict, 'failed')
  assert.match(found.fact, /TLS refuses it: SOME_REASON/)
})

test('a refusal that the dates or the purpose explain is not told twice', () => {
  const chain = ok('it comes from an authority')
  assert.equal(verified(chain, { handshake: REFUSED, isExplained: true, mender: 'they' }), chain)
  assert.equal(verified(missing, { handshake: REFUSED, isExplained: true, mender: 'they' }), missing)
})

test('what TLS accepts the federator uses, whatever we could not find', () => {
  assert.equal(verified(missing, { handshake: ACCEPTED, isExplained: false, mender: 'they' }).verdict, 'ok')
})
