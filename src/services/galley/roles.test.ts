import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationPermission } from '#src/contract/vocabulary.ts'
import { ADMIN, mayDo, mayGrant, MEMBER, permissionsOf } from './roles.ts'

test('an admin may do everything, a member only leave', () => {
  assert.deepEqual(
    ConversationPermission.options.filter((permission) => mayDo(ADMIN, permission)),
    ConversationPermission.options,
  )
  assert.deepEqual(
    ConversationPermission.options.filter((permission) => mayDo(MEMBER, permission)),
    ['leave_conversation'],
  )
})

test('a role that we do not know grants nothing, whatever it is called', () => {
  assert.deepEqual(permissionsOf('custom_role'), [])
  assert.deepEqual(permissionsOf('constructor'), [])
  assert.deepEqual(permissionsOf('__proto__'), [])
})

test('nobody hands out more than he has', () => {
  assert.equal(mayGrant(ADMIN, ADMIN), true)
  assert.equal(mayGrant(ADMIN, MEMBER), true)
  assert.equal(mayGrant(MEMBER, MEMBER), true)
  assert.equal(mayGrant(MEMBER, ADMIN), false)
  assert.equal(mayGrant('custom_role', MEMBER), false)
})
