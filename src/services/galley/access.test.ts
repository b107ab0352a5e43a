import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessRolesOf, DEFAULT_ACCESS_ROLES, legacyAccessRole, mayJoin } from './access.ts'

test('the four older names stand for their sets, and their sets for them', () => {
  for (const name of ['private', 'team', 'activated', 'non_activated'] as const) {
    assert.equal(legacyAccessRole(accessRolesOf(name)), name)
  }
  assert.deepEqual(accessRolesOf('private'), [])
  assert.deepEqual(accessRolesOf('team'), ['team_member'])
  assert.deepEqual(accessRolesOf('activated'), ['team_member', 'non_team_member', 'service'])
  assert.deepEqual(accessRolesOf('non_activated'), ['team_member', 'non_team_member', 'guest', 'service'])
})

test('a set without an older name is shown as the narrowest that contains it', () => {
  assert.equal(legacyAccessRole(['non_team_member']), 'activated')
  assert.equal(legacyAccessRole(['service', 'team_member']), 'activated')
  assert.equal(legacyAccessRole(['guest']), 'non_activated')
  assert.equal(legacyAccessRole(['team_member', 'guest']), 'non_activated')
})

test('the role a joiner needs follows from what he is', () => {
  const guest = { isTeamMate: false, isVerified: false }
  const outsider = { isTeamMate: false, isVerified: true }
  const mate = { isTeamMate: true, isVerified: true }
  assert.deepEqual(
    [guest, outsider, mate].map((who) => mayJoin(DEFAULT_ACCESS_ROLES, who)),
    [false, true, true],
  )
  assert.deepEqual(
    [guest, outsider, mate].map((who) => mayJoin(['team_member'], who)),
    [false, false, true],
  )
  assert.deepEqual(
    [guest, outsider, mate].map((who) => mayJoin(['guest'], who)),
    [true, false, false],
  )
})
