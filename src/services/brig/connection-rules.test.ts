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

const STATUSES = ['accepted', 'sent', 'pending', 'ignored', 'blocked', 'cancelled'] as const

/** `accepted+accepted!so`: both sides after, and whom is told: (s)elf, (o)ther. */
const show = (step: LocalStep): string => {
  if (step.kind !== 'changed') return step.kind
  const told = step.told.map((side) => side[0]).join('')
  return `${step.to.self}+${step.to.other}!${told}`
}

// rules.md §2.1: a row per status of the asker, a column per status of the other, in this order.
const REQUESTS = `
             accepted             sent                  pending           ignored           blocked          cancelled
  accepted   unchanged            accepted+accepted!o   sent+pending!so   sent+pending!so   unchanged        sent+pending!so
  sent       accepted+accepted!s  accepted+accepted!so  sent+pending!so   sent+pending!so   unchanged        sent+pending!so
  pending    accepted+accepted!s  accepted+accepted!so  sent+pending!so   sent+pending!so   sent+blocked!s   sent+pending!so
  ignored    accepted+accepted!s  accepted+accepted!so  sent+pending!so   sent+pending!so   sent+blocked!s   sent+pending!so
  cancelled  accepted+accepted!s  accepted+accepted!so  sent+pending!so   sent+pending!so   sent+blocked!s   sent+pending!so
  blocked    refused              refused               refused           refused           refused          refused`

/** Every cell with the words at the beginning of its row and above it. */
const cells = (table: string): { readonly row: string[]; readonly column: Status; readonly cell: string }[] => {
  const [head = [], ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  return rows.flatMap((words) => {
    const row = words.slice(0, words.length - head.length)
    return head.map((column, index) => ({ row, column: column as Status, cell: words[row.length + index] ?? '' }))
  })
}

test('a request to a user of the same backend follows the table, whatever went before', () => {
  assert.equal(show(requestLocally(undefined)), 'sent+pending!so')
  const table = cells(REQUESTS)
  assert.equal(new Set(table.map(({ row, column }) => `${row.join()} ${column}`)).size, STATUSES.length ** 2)
  for (const { row, column: other, cell } of table) {
    const [self] = row as [Status]
    assert.equal(show(requestLocally({ self, other })), cell, `${self}, ${other}`)
  }
})

// rules.md §2.2: the own status and the one asked for, a column per status of the other. Any other change is refused.
const UPDATES = `
                       accepted             sent                  pending               ignored               blocked             cancelled
  pending   accepted   accepted+accepted!s  accepted+accepted!so  accepted+accepted!so  accepted+ignored!s    accepted+blocked!s  accepted+cancelled!s
  pending   ignored    ignored+accepted!s   ignored+sent!s        ignored+pending!s     ignored+ignored!s     ignored+blocked!s   ignored+cancelled!s
  pending   blocked    blocked+accepted!s   blocked+sent!s        blocked+pending!s     blocked+ignored!s     blocked+blocked!s   blocked+cancelled!s
  ignored   accepted   accepted+accepted!s  accepted+accepted!so  accepted+accepted!so  accepted+ignored!s    accepted+blocked!s  accepted+cancelled!s
  ignored   blocked    blocked+accepted!s   blocked+sent!s        blocked+pending!s     blocked+ignored!s     blocked+blocked!s   blocked+cancelled!s
  sent      accepted   accepted+accepted!s  accepted+accepted!so  refused               refused               refused             refused
  sent      cancelled  refused              refused               cancelled+cancelled!so cancelled+cancelled!so cancelled+blocked!s cancelled+cancelled!s
  sent      blocked    blocked+accepted!s   blocked+sent!s        blocked+pending!s     blocked+ignored!s     blocked+blocked!s   blocked+cancelled!s
  accepted  blocked    blocked+accepted!s   blocked+sent!s        blocked+pending!s     blocked+ignored!s     blocked+blocked!s   blocked+cancelled!s
  cancelled blocked    blocked+accepted!s   blocked+sent!s        blocked+pending!s     blocked+ignored!s     blocked+blocked!s   blocked+cancelled!s
  blocked   accepted   accepted+accepted!s  accepted+accepted!so  sent+pending!s        sent+ignored!s        accepted+blocked!s  sent+cancelled!s
  blocked   sent       accepted+accepted!s  accepted+accepted!so  sent+pending!s        sent+ignored!s        accepted+blocked!s  sent+cancelled!s`

test('CON-013: an update towards a user of the same backend follows the table, and nothing else is allowed', () => {
  const table = cells(UPDATES)
  const expected = (self: Status, wanted: ConnectionStatus, other: Status): string => {
    if (self === wanted) return 'unchanged'
    return table.find(({ row, column }) => row[0] === self && row[1] === wanted && column === other)?.cell ?? 'refused'
  }
  for (const self of STATUSES) {
    for (const other of STATUSES) {
      for (const wanted of [...STATUSES, 'missing-legalhold-consent' as const]) {
        const found = show(updateLocally({ self, other }, wanted))
        assert.equal(found, expected(self, wanted, other), `${self}, ${other} → ${wanted}`)
      }
    }
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
      ['accepted', 'RemoteConnect', 'RemoteConnect'],
      ['sent', 'RemoteConnect', null],
      ['pending', null, null],
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

test('whatever went before, blocking included, two requests in turn connect both sides', () => {
  const statuses = [undefined, ...STATUSES]
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
  assert.deepEqual(seen, ['accepted selfother', 'sent self', 'pending other', 'ignored other', 'blocked', 'cancelled'])
})
