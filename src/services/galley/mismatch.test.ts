import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClientId, Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { MismatchStrategy } from '#src/rpc/proteus.ts'
import { clientSets, type ClientSets, eachUser, toWire } from './client-sets.ts'
import { type Addressing, compare, type Mismatch } from './mismatch.ts'

const user = (name: string): QualifiedUserId => {
  const [number, letter] = [name.codePointAt(0) ?? 0, name.split('@')[1] ?? 'a']
  const id = UserId.parse(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`)
  return { domain: Domain.parse(`${letter}.example`), id }
}

// The cast of scenarios.md, MSG: alice (a1, a2) and xander (x1) at A, bob (b1) at B, chad (c1) at C.
const alice = user('l@a')
const xander = user('x@a')
const bob = user('b@b')
const chad = user('c@c')
const stranger = user('s@c')

type Entry = readonly [QualifiedUserId, ...string[]]

const sets = (...entries: readonly Entry[]): ClientSets => {
  const builder = clientSets()
  for (const [{ domain, id }, ...clients] of entries) {
    builder.add(
      domain,
      id,
      clients.map((client) => ClientId.parse(client)),
    )
  }
  return builder.sets
}
const wire = (...entries: readonly Entry[]) => toWire(sets(...entries))

const recipientsOf = (addressed: ClientSets): Addressing['recipients'] =>
  new Map(
    [...addressed].map(([domain, users]) => [
      domain,
      new Map([...users].map(([id, clients]) => [id, new Map([...clients].map((client) => [client, 'text']))])),
    ]),
  )

interface Story {
  readonly to?: ClientSets
  readonly strategy?: MismatchStrategy
  readonly silent?: readonly QualifiedUserId[]
  readonly clients?: ClientSets
  readonly from?: string
}

const everybody = sets([alice, 'a2'], [xander, 'e1'], [bob, 'b1'], [chad, 'c1'])

const comparison = ({ to = everybody, strategy = { kind: 'report-all' }, silent = [], clients, from = 'a1' }: Story) =>
  compare({
    members: [alice, xander, bob, chad],
    clients: clients ?? sets([alice, 'a1', 'a2'], [xander, 'e1'], [bob, 'b1'], [chad, 'c1']),
    silent: new Set(silent.map(({ domain }) => domain)),
    sender: alice,
    senderClient: ClientId.parse(from),
    recipients: recipientsOf(to),
    strategy,
  })

const mismatch = (story: Story): Record<keyof Mismatch, unknown> => {
  const result = comparison(story)
  assert.ok(result.outcome === 'compared')
  const { valid, missing, deleted, redundant, failedToSend, failedToConfirm } = result.mismatch
  return {
    valid: toWire(valid),
    missing: toWire(missing),
    deleted: toWire(deleted),
    redundant: toWire(redundant),
    failedToSend: toWire(failedToSend),
    failedToConfirm: toWire(failedToConfirm),
  }
}

const nothingElse = { missing: {}, deleted: {}, redundant: {}, failedToSend: {}, failedToConfirm: {} }

test('a message to all clients but the sending one has no mismatch (MSG-001)', () => {
  assert.deepEqual(mismatch({}), { ...nothingElse, valid: toWire(everybody) })
})

test('forgotten clients are missing (MSG-002)', () => {
  const found = mismatch({ to: sets([alice, 'a2'], [chad, 'c1']) })
  assert.deepEqual(found.missing, wire([xander, 'e1'], [bob, 'b1']))
})

test('the strategy decides which forgotten clients count (MSG-005)', () => {
  const to = sets([alice, 'a2'], [chad, 'c1'])
  const missing = (strategy: MismatchStrategy) => mismatch({ to, strategy }).missing
  assert.deepEqual(missing({ kind: 'ignore-all' }), {})
  assert.deepEqual(missing({ kind: 'report-all' }), wire([xander, 'e1'], [bob, 'b1']))
  assert.deepEqual(missing({ kind: 'report-only', users: [xander] }), wire([xander, 'e1']))
  assert.deepEqual(missing({ kind: 'report-only', users: [chad] }), {})
  assert.deepEqual(missing({ kind: 'ignore-only', users: [xander] }), wire([bob, 'b1']))
  assert.deepEqual(missing({ kind: 'ignore-only', users: [xander, bob] }), {})
})

test('a strategy means the user of that domain, not his namesake elsewhere', () => {
  const namesake = { domain: chad.domain, id: xander.id }
  const strategy: MismatchStrategy = { kind: 'report-only', users: [namesake] }
  assert.deepEqual(mismatch({ to: sets(), strategy }).missing, {})
})

test('a client that the sender does not have may not send (MSG-006)', () => {
  assert.equal(comparison({ from: 'dead' }).outcome, 'unknown-client')
  assert.equal(comparison({ from: 'e1' }).outcome, 'unknown-client')
})

test('clients named for a silent backend are taken on trust (MSG-007)', () => {
  const found = mismatch({ silent: [chad], clients: sets([alice, 'a1', 'a2'], [xander, 'e1'], [bob, 'b1']) })
  assert.deepEqual(found, { ...nothingElse, valid: toWire(everybody), failedToConfirm: wire([chad, 'c1']) })
})

test('a member of a silent backend without named client cannot be sent to, and is not missing (MSG-007)', () => {
  const found = mismatch({ silent: [chad], to: sets([alice, 'a2'], [xander, 'e1'], [bob, 'b1']) })
  assert.deepEqual(found, {
    ...nothingElse,
    valid: wire([alice, 'a2'], [xander, 'e1'], [bob, 'b1']),
    failedToSend: wire([chad]),
    failedToConfirm: wire([chad]),
  })
})

test('clients of people outside are redundant, gone clients of members deleted (MSG-014, MSG-017)', () => {
  const to = sets([alice, 'a2'], [xander, 'e1', 'e9'], [bob, 'b1'], [chad, 'c1'], [stranger, 'd1'])
  const found = mismatch({ to })
  assert.deepEqual(found, {
    ...nothingElse,
    valid: toWire(everybody),
    deleted: wire([xander, 'e9']),
    redundant: wire([stranger, 'd1']),
  })
})

test('a message to the sending client itself is redundant and never deleted', () => {
  const found = mismatch({ to: sets([alice, 'a1', 'a2'], [xander, 'e1'], [bob, 'b1'], [chad, 'c1']) })
  assert.deepEqual(found, { ...nothingElse, valid: toWire(everybody), redundant: wire([alice, 'a1']) })
})

test('a member without clients is no mismatch', () => {
  const clients = sets([alice, 'a1', 'a2'], [bob, 'b1'])
  const found = mismatch({ clients, to: sets([alice, 'a2'], [bob, 'b1']) })
  assert.deepEqual(found, { ...nothingElse, valid: wire([alice, 'a2'], [bob, 'b1']) })
})

test('nobody vouches for the sending client when the sender’s own backend is silent', () => {
  assert.equal(comparison({ silent: [alice] }).outcome, 'unconfirmed-sender')
})

// The laws, on small worlds where everything overlaps: three users of two domains, four client ids.
const people = [user('l@a'), user('m@a'), user('n@b')]
const anyClients = fc.subarray(['1', '2', '3', '4'])
const anySets = fc
  .tuple(anyClients, anyClients, anyClients)
  .map((lists) => sets(...people.map((who, index) => [who, ...(lists[index] ?? [])] as const)))
const anyStrategy: fc.Arbitrary<MismatchStrategy> = fc.oneof(
  fc.constantFrom<MismatchStrategy>({ kind: 'report-all' }, { kind: 'ignore-all' }),
  fc.record({ kind: fc.constantFrom('report-only' as const, 'ignore-only' as const), users: fc.subarray(people) }),
)
const anyAddressing = fc
  .record({
    others: fc.subarray(people.slice(1)),
    clients: anySets,
    addressed: anySets,
    strategy: anyStrategy,
    isSilent: fc.boolean(),
  })
  .map(({ others, clients, addressed, strategy, isSilent }): Addressing => ({
    members: [user('l@a'), ...others],
    clients,
    silent: new Set(isSilent ? [user('n@b').domain] : []),
    sender: user('l@a'),
    senderClient: ClientId.parse('1'),
    recipients: recipientsOf(addressed),
    strategy,
  }))

const flat = (all: ClientSets): Set<string> =>
  new Set(
    [...eachUser(all)].flatMap(([domain, id, clients]) => [...clients].map((client) => `${client} ${id}@${domain}`)),
  )

const flatRecipients = ({ recipients }: Addressing): Set<string> =>
  new Set(
    [...recipients].flatMap(([domain, users]) =>
      [...users].flatMap(([id, texts]) => [...texts.keys()].map((client) => `${client} ${id}@${domain}`)),
    ),
  )

const law = (holds: (addressing: Addressing, found: Mismatch) => void): void => {
  fc.assert(
    fc.property(anyAddressing, (addressing) => {
      const result = compare(addressing)
      if (result.outcome === 'compared') holds(addressing, result.mismatch)
    }),
    { numRuns: 500 },
  )
}

test('every recipient ends in exactly one of valid, deleted and redundant', () => {
  law((addressing, { valid, deleted, redundant }) => {
    const parts = [valid, deleted, redundant].map(flat)
    assert.deepEqual(new Set(parts.flatMap((part) => [...part])), flatRecipients(addressing))
    assert.equal(
      parts.reduce((sum, { size }) => sum + size, 0),
      flatRecipients(addressing).size,
    )
  })
})

test('nothing missing was addressed, and with everything reported nothing else is left out', () => {
  law((addressing, { valid, missing }) => {
    assert.ok(flat(missing).isDisjointFrom(flatRecipients(addressing)))
    if (addressing.strategy.kind !== 'report-all') return
    const expected = new Set<string>()
    for (const { domain, id } of addressing.members) {
      if (addressing.silent.has(domain)) continue
      for (const client of addressing.clients.get(domain)?.get(id) ?? []) expected.add(`${client} ${id}@${domain}`)
    }
    expected.delete(`1 ${addressing.sender.id}@${addressing.sender.domain}`)
    assert.ok(expected.isSubsetOf(flat(missing).union(flat(valid))))
  })
})

test('report-only and ignore-only of the same users share out what report-all reports', () => {
  law((addressing, { missing }) => {
    const { strategy } = addressing
    if (!('users' in strategy)) return
    const kind = strategy.kind === 'report-only' ? 'ignore-only' : 'report-only'
    const missingWith = (other: MismatchStrategy) => {
      const result = compare({ ...addressing, strategy: other })
      assert.ok(result.outcome === 'compared')
      return flat(result.mismatch.missing)
    }
    assert.deepEqual(flat(missing).union(missingWith({ ...strategy, kind })), missingWith({ kind: 'report-all' }))
    assert.ok(flat(missing).isDisjointFrom(missingWith({ ...strategy, kind })))
  })
})

test('the sending client is never sent to, missing or deleted, and only members are ever sent to', () => {
  law(({ sender, members }, { valid, missing, deleted }) => {
    for (const part of [valid, missing, deleted]) assert.ok(!flat(part).has(`1 ${sender.id}@${sender.domain}`))
    const isMember = (domain: Domain, id: UserId) => members.some((who) => who.domain === domain && who.id === id)
    for (const part of [valid, missing, deleted]) {
      for (const [domain, id] of eachUser(part)) assert.ok(isMember(domain, id))
    }
  })
})

test('what could not be confirmed is exactly what concerns members of silent backends', () => {
  law(({ silent, members }, { failedToSend, failedToConfirm, valid }) => {
    const unconfirmed = new Set([...eachUser(failedToConfirm)].map(([domain, id]) => `${id}@${domain}`))
    const ofSilent = members.filter(({ domain }) => silent.has(domain)).map(({ domain, id }) => `${id}@${domain}`)
    assert.deepEqual(unconfirmed, new Set(ofSilent))
    assert.ok(flat(failedToConfirm).isSubsetOf(flat(valid)))
    assert.equal(flat(failedToSend).size, 0)
  })
})
