import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GalleyError, galleyErrors } from './galley-errors.ts'

test('every error that has a meaning for clients can be read', () => {
  const contents: Readonly<Record<string, unknown>> = { ActionDenied: 'leave_conversation', MissingPermission: null }
  const values = Object.keys(galleyErrors).map((tag) => (tag in contents ? { tag, contents: contents[tag] } : { tag }))
  assert.deepEqual(
    values.map((value) => GalleyError.parse(value)),
    values,
  )
})

test('an error that nobody declared cannot be read', () => {
  assert.equal(GalleyError.safeParse({ tag: 'OutOfCoffee' }).success, false)
  assert.equal(GalleyError.safeParse({ tag: 'constructor' }).success, false)
  assert.equal(GalleyError.safeParse('ConvNotFound').success, false)
})

test('clients are told what a remote refusal means to them', () => {
  assert.deepEqual(galleyErrors.ConvNotFound, { status: 404, label: 'no-conversation' })
  assert.deepEqual(galleyErrors.ActionDenied, { status: 403, label: 'action-denied' })
  assert.deepEqual(galleyErrors.MLSStaleMessage, { status: 409, label: 'mls-stale-message' })
  assert.equal(galleyErrors.MLSUnexpectedSenderClient, undefined)
})
