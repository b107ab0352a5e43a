import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionStatus } from '#src/contract/connections.ts'
import {
  actionFor,
  afterOurs,
  afterTheirs,
  type LocalStep,
  placesOfRemotePair,
  reactionTo,
  requestLocally,
  type Status,
  transmitted,
  updateLocally,
} from './connection-rules.ts'

const STATUSES = ['sent', 'pending', 'accepted', 'ignored', 'blocked', 'cancelled'] as const

/** `accepted+accepted!so`: both sides after, and whom is told: (s)elf, (o)ther. */
const show = (step: LocalStep): string => {
  if (step.kind !== 'changed') return step.kind
  const told = step.told.map((side) => side[0]).join('')
  return `${step.to.self}+${step.to.other}!${told}`
}

// rules.md §2.1: the asker's own status, then the other's.
const REQUESTS: Readonly<Record<Status, Partial<Record<Status, string>>>> = {
  accepted: {
    accepted: 'unchanged',
    blocked: 'unchanged',
    sent: 'accepted+accepted!o',
    pending: 'sent+pending!so',
    ignored: 'sent+pending!so',
    cancelled: 'sent+pending!so',
  },
  sent: {
    accepted: 'accepted+accepted!s',
    blocked: 'unchanged',
    sent: 'accepted+accepted!so',
    pending: 'sent+pending!so',
    ignored: 'sent+pending!so',
    cancelled: 'sent+pending!so',
  },
  pending: {
    accepted: 'accepted+accepted!s',
    blocked: 'sent+blocked!s',
    sent: 'accepted+accepted!so',
    pending: 'sent+pending!so',
    ignored: 'sent+pending!so',
    cancelled: 'sent+pending!so',
  },
  ignored: { accepted: 'accepted+accepted!s', blocked: 'sent+blocked!s', sent: 'accepted+accepted!so' },
  cancelled: {
    accepted: 'accepted+accepted!s',
    blocked: 'sent+blocked!s',
    sent: 'accepted+accepted!so',
    cancelled: 'sent+pending!so',
  },
  blocked: {
    accepted: 'refused',
    blocked: 'refused',
    sent: 'refused',
    pending: 'refused',
    ignored: 'refused',
    cancelled: 'refused',
  },
}

test('a request to a user of the same backend follows the table, whatever both sides had before', () => {
  assert.equal(show(requestLocally(undefined)), 'sent+pending!so')
  for (const [self, row] of Object.entries(REQUESTS)) {
    for (const [other, expected] of Object.entries(row)) {
      const pair = { self: self as Status, other: other as Status }
      assert.equal(show(requestLocally(pair)), expected, `${self}, ${other}`)
    }
  }
})

// rules.md §2.2: own status, the other's, what the client asks for, result. What is not listed is refused.
const UPDATES: readonly (readonly [Status, Status, ConnectionStatus, string])[] = [
  ['pending', 'sent', 'accepted', 'accepted+accepted!so'],
  ['pending', 'blocked', 'accepted', 'accepted+blocked!s'],
  ['pending', 'sent', 'ignored', 'ignored+sent!s'],
  ['pending', 'sent', 'blocked', 'blocked+sent!s'],
  ['ignored', 'sent', 'accepted', 'accepted+accepted!so'],
  ['ignored', 'sent', 'blocked', 'blocked+sent!s'],
  ['sent', 'pending', 'blocked', 'blocked+pending!s'],
  ['sent', 'sent', 'accepted', 'accepted+accepted!so'],
  ['sent', 'accepted', 'accepted', 'accepted+accepted!s'],
  ['sent', 'pending', 'accepted', 'refused'],
  ['sent', 'pending', 'cancelled', 'cancelled+cancelled!so'],
  ['sent', 'ignored', 'cancelled', 'cancelled+cancelled!so'],
  ['sent', 'blocked', 'cancelled', 'cancelled+blocked!s'],
  ['sent', 'cancelled', 'cancelled', 'cancelled+cancelled!s'],
  ['sent', 'pending', 'ignored', 'refused'],
  ['accepted', 'accepted', 'blocked', 'blocked+accepted!s'],
  ['accepted', 'accepted', 'pending', 'refused'],
  ['accepted', 'accepted', 'cancelled', 'refused'],
  ['accepted', 'accepted', 'sent', 'refused'],
  ['blocked', 'accepted', 'accepted', 'accepted+accepted!s'],
  ['blocked', 'accepted', 'sent', 'accepted+accepted!s'],
  ['blocked', 'blocked', 'accepted', 'accepted+blocked!s'],
  ['blocked', 'sent', 'accepted', 'accepted+accepted!so'],
  ['blocked', 'pending', 'accepted', 'sent+pending!s'],
  ['blocked', 'ignored', 'sent', 'sent+ignored!s'],
  ['blocked', 'cancelled', 'accepted', 'sent+cancelled!s'],
  ['blocked', 'accepted', 'ignored', 'refused'],
  ['cancelled', 'cancelled', 'blocked', 'blocked+cancelled!s'],
  ['cancelled', 'cancelled', 'accepted', 'refused'],
  ['pending', 'sent', 'sent', 'refused'],
  ['pending', 'sent', 'cancelled', 'refused'],
]

test('an update towards a user of the same backend follows the table', () => {
  for (const [self, other, wanted, expected] of UPDATES) {
    assert.equal(show(updateLocally({ self, other }, wanted)), expected, `${self}, ${other} → ${wanted}`)
  }
})

test('asking for the present status changes nothing, for every pair', () => {
  for (const self of STATUSES) {
    for (const other of STATUSES) assert.equal(show(updateLocally({ self, other }, self)), 'unchanged')
  }
})

// rules.md §2.3. Columns: our connect, block, ignore, rescind; their connect, rescind.
const MACHINE = `
  none      sent     blocked -       -         pending  -
  cancelled sent     blocked -       -         pending  -
  sent      sent     blocked -       cancelled accepted -
  pending   accepted blocked ignored -         pending  cancelled
  ignored   sent     blocked -       -         pending  -
  accepted  accepted blocked -       pending   accepted sent
  blocked   sent     -       -       -         -        -`

test('each side of a remote pair follows its own machine', () => {
  for (const line of MACHINE.trim().split('\n')) {
    const [status, ...expected] = line.trim().split(/\s+/)
    const from = status === 'none' ? undefined : (status as Status)
    const found = [
      afterOurs(from, 'connect'),
      afterOurs(from, 'block'),
      afterOurs(from, 'ignore'),
      afterOurs(from, 'rescind'),
      afterTheirs(from, 'RemoteConnect'),
      afterTheirs(from, 'RemoteRescind'),
    ]
    assert.deepEqual(
      found.map((to) => to ?? '-'),
      expected,
      status,
    )
  }
})

test('the reaction to a received action is that of the protocol, row by row', () => {
  const react = (before: Status | undefined, action: 'RemoteConnect' | 'RemoteRescind') =>
    reactionTo(before, afterTheirs(before, action))
  const statuses = [undefined, ...STATUSES]
  assert.deepEqual(
    statuses.map((status) => [status ?? 'none', react(status, 'RemoteConnect'), react(status, 'RemoteRescind')]),
    [
      ['none', null, 'RemoteRescind'],
      ['sent', 'RemoteConnect', null],
      ['pending', null, null],
      ['accepted', 'RemoteConnect', 'RemoteConnect'],
      ['ignored', null, null],
      ['blocked', null, null],
      ['cancelled', null, null],
    ],
  )
})

test('only connecting and withdrawing are told to the other backend', () => {
  const told = (['sent', 'accepted', 'blocked', 'ignored', 'cancelled', 'pending'] as const).map((wanted) => {
    const action = actionFor(wanted)
    return action && transmitted(action)
  })
  assert.deepEqual(told, ['RemoteConnect', 'RemoteConnect', undefined, undefined, 'RemoteRescind', undefined])
})

/** One side of a remote pair as the other one meets it: apply the action, answer with the reaction. */
const exchange = (mine: Status | undefined, theirs: Status | undefined): [Status | undefined, Status | undefined] => {
  const asked = afterOurs(mine, 'connect')
  const after = afterTheirs(theirs, 'RemoteConnect')
  const reaction = reactionTo(theirs, after)
  const settled = (reaction && asked && afterTheirs(asked, reaction)) ?? asked
  return [settled, after ?? theirs]
}

test('whatever went before, two requests in turn connect both sides, unless one of them blocks', () => {
  const statuses = [undefined, 'sent', 'pending', 'accepted', 'ignored', 'cancelled'] as const
  for (const mine of statuses) {
    for (const theirs of statuses) {
      const [mineAsked, theirsTold] = exchange(mine, theirs)
      const [theirsAsked, mineTold] = exchange(theirsTold, mineAsked)
      assert.deepEqual([mineTold, theirsAsked], ['accepted', 'accepted'], `${mine} and ${theirs}`)
    }
  }
})

test('the places in a remote pair are those of the table', () => {
  const seen = STATUSES.map((status) => {
    const { selfIn, otherIn } = placesOfRemotePair(status)
    return `${status} ${selfIn ? 'self' : ''}${otherIn ? 'other' : ''}`.trim()
  })
  assert.deepEqual(seen, ['sent self', 'pending other', 'accepted selfother', 'ignored other', 'blocked', 'cancelled'])
})
