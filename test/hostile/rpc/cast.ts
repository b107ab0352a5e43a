/**
 * Whom the calls of other backends are about. Backend a is ours, b calls, c is somebody else's. Everything has an id
 * that can be told from all others, so that swapping one for another means something.
 */
import { AssetKey, ClientId, ConversationId, Domain, type QualifiedUserId, UserId } from '#src/contract/ids.ts'

export const A = Domain.parse('a.example')
export const B = Domain.parse('b.example')
export const C = Domain.parse('c.example')
const NOWHERE = Domain.parse('nowhere.example')

const user = (digits: string) => UserId.parse(`00000000-0000-4000-8000-00000000${digits}`)
const conversation = (digits: string) => ConversationId.parse(`00000000-0000-4000-9000-00000000${digits}`)

/** Of other backends: ben is a colleague of bob who has nothing to do with us, carla is at c. */
export const REMOTE = { bob: user('0b0b'), ben: user('0be0'), carla: user('ca10'), nobody: user('dead') }

/** Made elsewhere. */
export const THEIRS = { ofB: conversation('00b0'), ofC: conversation('00c0'), nowhere: conversation('dead') }

export const CLIENTS = {
  ofBob: ClientId.parse('b0b1'),
  ofCarla: ClientId.parse('ca11'),
  ofNobody: ClientId.parse('dead'),
}

/** What is made here while the backend starts. */
export interface Ours {
  readonly alice: UserId
  readonly alex: UserId
  readonly ofAlice: ClientId
  readonly ofAlex: ClientId
  /** Alice, who made it, and bob. */
  readonly shared: ConversationId
  /** Alice, alex and carla: nobody of b. */
  readonly secret: ConversationId
}

/** Of alice: one for everybody, one with a token; and none. */
export const ASSETS = {
  open: AssetKey.parse('3-1-00000000-0000-4000-a000-0000000000a1'),
  closed: AssetKey.parse('3-1-00000000-0000-4000-a000-0000000000a2'),
  nowhere: AssetKey.parse('3-1-00000000-0000-4000-a000-00000000dead'),
}
export const BYTES_OF = { open: 'the bytes for everybody', closed: 'the bytes for some' }

/** As it is answered. */
export const AVAILABLE = '"available":true'

export interface Cast extends Ours {
  readonly bob: QualifiedUserId
  readonly aliceHere: QualifiedUserId
}

/** Names that must not be told to b. */
export const SECRET_NAME = 'the secret of a and c'
export const SHARED_NAME = 'what a and b share'
export const HANDLE_OF_ALICE = 'alice_of_a'

export const castOf = (ours: Ours): Cast => ({
  ...ours,
  bob: { domain: B, id: REMOTE.bob },
  aliceHere: { domain: A, id: ours.alice },
})

/** Ids of each kind by the name that reports use; one of them may stand wherever another one does. */
export const exchangeable = (ours: Ours): readonly Readonly<Record<string, string>>[] => [
  { alice: ours.alice, alex: ours.alex, ...REMOTE },
  { shared: ours.shared, secret: ours.secret, ...THEIRS },
  { ofAlice: ours.ofAlice, ofAlex: ours.ofAlex, ...CLIENTS },
  ASSETS,
  { a: A, b: B, c: C, nowhere: NOWHERE },
]
