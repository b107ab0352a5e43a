import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '#src/kit/errors.ts'
import { callerHeaders, callerOf } from './context.ts'

const USER = '6f1e1f2a-0000-4000-8000-00000000abcd'

const spellings: readonly (readonly [string, Record<string, string>])[] = [
  ['as we write them', { 'z-user': USER, 'z-client': '5d1f0a77c0b4e3a2', 'z-connection': '42' }],
  ['in capitals', { 'z-user': USER.toUpperCase(), 'z-client': '5D1F0A77C0B4E3A2', 'z-connection': '42' }],
  ['with zeros in front', { 'z-user': USER, 'z-client': '0005d1f0a77c0b4e3a2', 'z-connection': '42' }],
]
for (const [how, headers] of spellings) {
  test(`ids ${how} name the same caller`, () => {
    assert.deepEqual(callerOf({ headers }), { user: USER, client: '5d1f0a77c0b4e3a2', connection: '42' })
  })
}

test('a caller may have no device, and no connection', () => {
  assert.deepEqual(callerOf({ headers: { 'z-user': USER } }), { user: USER, client: undefined, connection: '0' })
  const zero = callerOf({ headers: { 'z-user': USER, 'z-client': '0', 'z-connection': '7' } })
  assert.deepEqual(zero, { user: USER, client: '0', connection: '7' })
})

test('what the gateway writes is read as it was', () => {
  const caller = callerOf({ headers: { 'z-user': USER, 'z-client': 'a', 'z-connection': '18446744073709551615' } })
  assert.deepEqual(callerOf({ headers: callerHeaders(caller) }), caller)
})

const malformed: readonly Record<string, string>[] = [
  {},
  { 'z-client': 'a', 'z-connection': '1' },
  { 'z-user': `${USER}0`, 'z-connection': '1' },
  { 'z-user': `${USER}\n`, 'z-connection': '1' },
  { 'z-user': USER, 'z-client': '', 'z-connection': '1' },
  { 'z-user': USER, 'z-client': '12345678901234567', 'z-connection': '1' },
  { 'z-user': USER, 'z-client': 'g', 'z-connection': '1' },
  { 'z-user': USER, 'z-connection': '1'.repeat(41) },
]
for (const headers of malformed) {
  test(`${JSON.stringify(headers)} names nobody`, () => {
    assert.throws(
      () => callerOf({ headers }),
      (error: unknown) => error instanceof Refusal && error.status === 401,
    )
  })
}
