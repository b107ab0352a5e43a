/** Which form of an RPC a version selects (federation-api.md §5). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_VERSIONS, includesVersion, type Rpc } from '#src/kit/endpoint.ts'
import { brigFederation } from './brig.ts'
import { cargoholdFederation } from './cargohold.ts'
import { galleyFederation, galleyMlsFederation } from './galley.ts'

const entries: readonly (readonly [string, Rpc])[] = [
  brigFederation,
  galleyFederation,
  galleyMlsFederation,
  cargoholdFederation,
].flatMap((contract) => Object.entries<Rpc>(contract))

/** The entries that a peer of each version, 0 to 3, would reach under one name. */
const formsOf = (name: string): string[][] =>
  [0, 1, 2, 3].map((version) =>
    entries.flatMap(([key, entry]) => {
      const isMeant = (entry.name ?? key) === name && includesVersion(entry.versions ?? ALL_VERSIONS, version)
      return isMeant ? [key] : []
    }),
  )

test('conversation updates changed with version 1', () => {
  const [old, now] = [['on-conversation-updated-v0'], ['on-conversation-updated']]
  assert.deepEqual(formsOf('on-conversation-updated'), [old, now, now, now])
})

test('conversations changed with version 2', () => {
  const [old, now] = [['get-conversations-v0'], ['get-conversations']]
  assert.deepEqual(formsOf('get-conversations'), [old, old, now, now])
})

test('one-to-one conversations exist since version 1 and changed with version 2', () => {
  const [old, now] = [['get-one2one-conversation-v1'], ['get-one2one-conversation']]
  assert.deepEqual(formsOf('get-one2one-conversation'), [[], old, now, now])
})

test('asking for MLS clients changed with version 1, and for one of them came with version 3', () => {
  const [old, now] = [['get-mls-clients-v0'], ['get-mls-clients']]
  assert.deepEqual(formsOf('get-mls-clients'), [old, now, now, now])
  assert.deepEqual(formsOf('get-mls-client'), [[], [], [], ['get-mls-client']])
})

test('every other RPC is the same in all versions', () => {
  const changed = [
    'on-conversation-updated',
    'get-conversations',
    'get-one2one-conversation',
    'get-mls-clients',
    'get-mls-client',
  ]
  const others = new Set(entries.map(([key, entry]) => entry.name ?? key).filter((name) => !changed.includes(name)))
  for (const name of others) assert.deepEqual(formsOf(name), [[name], [name], [name], [name]])
})

test('what is queued is exactly what the owner of something announces', () => {
  const queued = entries.flatMap(([key, entry]) => (entry.mode === 'queue' ? [entry.name ?? key] : []))
  assert.deepEqual([...new Set(queued)].toSorted(), [
    'on-client-removed',
    'on-conversation-updated',
    'on-message-sent',
    'on-user-deleted-connections',
    'on-user-deleted-conversations',
  ])
})
