/** For tests: a group of a.example with people of three backends in it, and what is told when it changes. */
import assert from 'node:assert/strict'
import type { ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { ADMIN, MEMBER } from './roles.ts'
import { A, B, C, person, type Queued, type TestGalley, type Told } from './testing.ts'
import type { PlayedBackend } from './testing-backends.ts'

export interface TestGroup {
  readonly id: ConversationId
  /** In a path. */
  readonly at: { readonly domain: Domain; readonly conversation: ConversationId }
  /** Its admin; the others are members. */
  readonly alice: QualifiedUserId
  readonly alex: QualifiedUserId
  readonly bob: QualifiedUserId
  readonly chad: QualifiedUserId
}

/** Federates with everybody but those listed, and takes note of every conversation. */
export const willing = (unknown: readonly string[] = []): PlayedBackend => ({
  rpcs: {
    'get-not-fully-connected-backends': ({ domains }: { domains: string[] }) => ({
      non_connected_backends: domains.filter((domain) => unknown.includes(domain)),
    }),
    'on-conversation-created': () => ({}),
  },
})

/** Backends that are played as down know nothing and answer nothing. */
export const DOWN: PlayedBackend = { isDown: true }

export const startGroup = async (galley: TestGalley, more: object = {}): Promise<TestGroup> => {
  const [alice, alex, bob, chad] = [person(), person(), person(B), person(C)]
  for (const user of [alice, alex]) galley.parts.registers(user)
  for (const friend of [alex, bob, chad]) galley.parts.connects(alice, friend)
  galley.backends.plays(B, willing())
  galley.backends.plays(C, willing())
  const made = await galley.as(alice, 'create-conversation', {
    body: { name: 'before', qualified_users: [alex, bob, chad], conversation_role: MEMBER, ...more },
  })
  assert.ok(made.outcome === 'created', made.outcome)
  await galley.queued()
  return { id: made.body.id, at: { domain: A, conversation: made.body.id }, alice, alex, bob, chad }
}

/** A friend of alice's who is not in the group. */
export const friendOf = (galley: TestGalley, alice: QualifiedUserId, domain: Domain = A): QualifiedUserId => {
  const friend = person(domain)
  if (domain === A) galley.parts.registers(friend)
  galley.parts.connects(alice, friend)
  return friend
}

/** Members with their roles, as somebody among them reads them. */
export const membersSeenBy = async (
  galley: TestGalley,
  viewer: QualifiedUserId,
  { at }: TestGroup,
): Promise<ReadonlyMap<string, string>> => {
  const read = await galley.as(viewer, 'get-conversation', { params: at })
  assert.ok(read.outcome === 'found', read.outcome)
  const { self, others } = read.body.members
  return new Map([self, ...others].map(({ qualified_id: user, conversation_role: role }) => [nameOf(user), role]))
}

export const nameOf = ({ domain, id }: QualifiedUserId): string => `${id}@${domain}`

export const asAdmins = (...users: readonly QualifiedUserId[]) => users.map((user) => [nameOf(user), ADMIN] as const)
export const asMembers = (...users: readonly QualifiedUserId[]) => users.map((user) => [nameOf(user), MEMBER] as const)

/** Users of ours who were told something of that type, each as often as he was told, in a fixed order. */
export const whoHeard = (told: readonly Told[], type: string): string[] =>
  told
    .filter(({ event }) => event['type'] === type)
    .map(({ user }) => user)
    .toSorted()

export const idsOf = (...users: readonly QualifiedUserId[]): string[] => users.map(({ id }) => id).toSorted()

/** What other backends are told in the form of version 1 and later, by domain. */
export const updatesIn = ({ letters }: Queued): [string, ConversationUpdate][] =>
  letters
    .map(({ domain, entries }): [string, ConversationUpdate] => [
      domain,
      JSON.parse(entries.find(({ bodyVersions }) => bodyVersions.from === 1)?.body ?? 'null'),
    ])
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
