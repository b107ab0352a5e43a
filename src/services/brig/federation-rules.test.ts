import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain, TeamId } from '#src/contract/ids.ts'
import { RemoteConfig } from '#src/contract/internal/remotes.ts'
import { federatesWithTeam, isSameRemote, notFederating, searchableTeams, searchPolicyFor } from './federation-rules.ts'

const TEAM = TeamId.parse('59f66843-6af1-48fb-8c05-1cf58c23566b')
const OTHER_TEAM = TeamId.parse('59f66843-6af1-48fb-8c05-1cf58c23566c')
const open = RemoteConfig.parse({ domain: 'b.example', search_policy: 'full_search' })
const restricted = RemoteConfig.parse({
  domain: 'b.example',
  search_policy: 'full_search',
  restriction: { tag: 'restrict_by_team', value: [TEAM] },
})

// federation-transport.md §10.3: strategy, what is listed, user without team, user of a listed team, of another one.
test('who may be connected with follows strategy and restriction', () => {
  const table = [
    ['allowNone', open, [false, false, false]],
    ['allowAll', undefined, [true, true, true]],
    ['allowAll', restricted, [true, true, true]],
    ['allowDynamic', undefined, [false, false, false]],
    ['allowDynamic', open, [true, true, true]],
    ['allowDynamic', restricted, [false, true, false]],
  ] as const
  for (const [strategy, remote, expected] of table) {
    const found = [null, TEAM, OTHER_TEAM].map((team) => federatesWithTeam(strategy, remote, team))
    assert.deepEqual(found, expected, `${strategy} ${remote?.restriction.tag}`)
  }
})

test('a searcher finds what the policy for his backend and team says, and nothing if it is not listed', () => {
  assert.equal(searchPolicyFor(undefined, TEAM), 'no_search')
  assert.equal(searchPolicyFor(open, null), 'full_search')
  assert.equal(searchPolicyFor(restricted, null), 'no_search')
  assert.equal(searchPolicyFor(restricted, TEAM), 'full_search')
  assert.equal(searchPolicyFor(restricted, OTHER_TEAM), 'no_search')
})

test('our own restriction goes out with a search', () => {
  assert.deepEqual(searchableTeams(undefined), [])
  assert.equal(searchableTeams(open), null)
  assert.deepEqual(searchableTeams(restricted), [TEAM])
})

test('whom we do not federate with are the unlisted ones, or nobody if we federate with all', () => {
  const domains = ['b.example', 'c.example'].map((domain) => Domain.parse(domain))
  assert.deepEqual(notFederating(domains, { strategy: 'allowAll', remotes: [] }), [])
  assert.deepEqual(notFederating(domains, { strategy: 'allowDynamic', remotes: [open] }), ['c.example'])
})

test('two listings of a remote are the same whatever the order of their teams', () => {
  const both = { ...restricted, restriction: { tag: 'restrict_by_team', value: [TEAM, OTHER_TEAM] } } as const
  const reversed = { ...restricted, restriction: { tag: 'restrict_by_team', value: [OTHER_TEAM, TEAM] } } as const
  assert.equal(isSameRemote(RemoteConfig.parse(both), RemoteConfig.parse(reversed)), true)
  assert.equal(isSameRemote(open, restricted), false)
  assert.equal(isSameRemote(open, { ...open, search_policy: 'no_search' }), false)
})
