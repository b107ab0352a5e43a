import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf, parseErrorObject } from './error-object.ts'

const parse = (value: unknown) => parseErrorObject(Buffer.from(JSON.stringify(value)))

test('an error object with all its parts is read as it is', () => {
  const error = {
    code: 533,
    label: 'federation-remote-error',
    message: 'text',
    data: { type: 'federation', domain: 'b.test', path: '/federation/brig/x' },
    inner: { code: 400, label: 'federation-denied', message: 'text' },
  }
  assert.deepEqual(parse(error), error)
})

test('fields that we do not know are dropped', () => {
  assert.deepEqual(parse({ code: 400, label: 'a', message: 'b', stack: 'c' }), { code: 400, label: 'a', message: 'b' })
})

test('what is not an error object is none', () => {
  assert.equal(parse({ label: 'a', message: 'b' }), undefined)
  assert.equal(parse([]), undefined)
  assert.equal(parse(null), undefined)
  assert.equal(parseErrorObject(Buffer.from('<html>')), undefined)
  assert.equal(parseErrorObject(Buffer.alloc(0)), undefined)
})

test('an error nested ten thousand times is read to a bounded depth', () => {
  const layer = '{"code":1,"label":"l","message":"m","inner":'
  const bytes = Buffer.from(layer.repeat(10_000) + 'null' + '}'.repeat(10_000))
  const text = JSON.stringify(parseErrorObject(bytes))
  assert.ok(text.length < 1_000)
})

test('the text of a body that is no error object is told in bounds', () => {
  assert.equal(messageOf(Buffer.from('bar')), 'bar')
  assert.ok(messageOf(Buffer.alloc(1_000_000, 'x')).length < 10_000)
})
