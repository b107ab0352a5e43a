/**
 * For every RPC at least one call by b that means something: it changes what ours remembers, or is told something.
 * Without that it would prove nothing that the same call with another name in it does not.
 */
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import { A, ASSETS, AVAILABLE, B, type Cast, CLIENTS, HANDLE_OF_ALICE, REMOTE, THEIRS } from './cast.ts'
import { creation } from './creation.ts'

export interface Call {
  readonly payload: unknown
  /** Whether it is there to change something; otherwise to be told something. */
  readonly changes: boolean
  /** What nobody may be told instead, whatever is swapped. */
  readonly never?: string
}

const asks = (payload: unknown): Call => ({ payload, changes: false })
const changes = (payload: unknown): Call => ({ payload, changes: true })

/** By RPC, as the contract calls it, and what the call is about. */
export type Calls = Readonly<Record<string, Readonly<Record<string, Call>>>>

export const callsOf = (cast: Cast): Calls => ({
  ...brigCalls(cast),
  ...galleyCalls(cast),
  ...ownerCalls(cast),
  ...assetCalls(),
})

const brigCalls = ({ alice, ofAlice }: Cast): Calls => ({
  'api-version': { '': asks([]) },
  'get-user-by-handle': { '': asks(HANDLE_OF_ALICE) },
  'get-users-by-ids': { '': asks([alice]) },
  'claim-prekey': { '': changes([alice, ofAlice]) },
  'claim-prekey-bundle': { '': changes(alice) },
  'claim-multi-prekey-bundle': { '': changes({ [alice]: [ofAlice] }) },
  'search-users': { '': asks({ term: HANDLE_OF_ALICE, from: null, onlyInTeams: null, types: null }) },
  'get-user-clients': { '': asks({ users: [alice] }) },
  'promise-clients': { '': asks({ users: [alice] }) },
  'get-mls-clients-v0': { '': asks({ user_id: alice, signature_scheme: 'ed25519' }) },
  'get-mls-clients': { '': asks({ user_id: alice, cipher_suite: 1 }) },
  'get-mls-client': { '': asks({ user_id: alice, client_id: ofAlice, cipher_suite: 1 }) },
  'claim-key-packages': { '': changes({ claimant: REMOTE.bob, target: alice, cipher_suite: 1 }) },
  'send-connection-action': {
    connecting: changes({ from: REMOTE.ben, from_team: null, to: alice, action: 'RemoteConnect' }),
    rescinding: changes({ from: REMOTE.bob, from_team: null, to: alice, action: 'RemoteRescind' }),
  },
  'get-not-fully-connected-backends': { '': asks({ domains: [B] }) },
  'on-user-deleted-connections': { '': changes({ user: REMOTE.bob, connections: [alice] }) },
})

/** About conversations of ours. */
const galleyCalls = ({ alice, ofAlice, shared }: Cast): Calls => ({
  'get-conversations-v0': { '': asks({ user_id: REMOTE.bob, conv_ids: [shared] }) },
  'get-conversations': { '': asks({ user_id: REMOTE.bob, conv_ids: [shared] }) },
  'send-message': {
    '': changes({ conv_id: shared, sender: REMOTE.bob, raw_message: messageTo({ alice, ofAlice }) }),
  },
  'leave-conversation': { '': changes({ conv_id: shared, leaver: REMOTE.bob }) },
  'update-conversation': {
    leaving: changes({ user: REMOTE.bob, conv_id: shared, action: { tag: 'ConversationLeaveTag', action: {} } }),
    removing: changes({
      user: REMOTE.bob,
      conv_id: shared,
      action: {
        tag: 'ConversationRemoveMembersTag',
        action: { targets: [{ domain: A, id: alice }], reason: 'removed' },
      },
    }),
    renaming: changes({
      user: REMOTE.bob,
      conv_id: shared,
      action: { tag: 'ConversationRenameTag', action: { name: 'renamed' } },
    }),
  },
  'update-typing-indicator': {
    '': changes({ typing_status: { status: 'started' }, user_id: REMOTE.bob, conv_id: shared }),
  },
  'forget-clients': { '': changes({}) },
  'on-client-removed': { '': asks({ user: REMOTE.bob, client: CLIENTS.ofBob, convs: [shared] }) },
  'on-user-deleted-conversations': { '': changes({ user: REMOTE.bob, conversations: [shared] }) },
})

const messageTo = ({ alice, ofAlice }: Pick<Cast, 'alice' | 'ofAlice'>): string =>
  Buffer.from(
    encodeProteusMessage({
      sender: CLIENTS.ofBob,
      recipients: new Map([[A, new Map([[alice, new Map([[ofAlice, Buffer.from('ciphertext')]])]])]]),
      nativePush: true,
      blob: Buffer.alloc(0),
      priority: undefined,
      transient: false,
      strategy: { kind: 'ignore-all' },
    }),
  ).toString('base64')

/** About conversations of b. */
const ownerCalls = ({ alice, alex, ofAlice, aliceHere, bob }: Cast): Calls => {
  const update = (action: object, by = bob) => ({
    time: '2026-01-02T00:00:00.000Z',
    origUserId: by,
    convId: THEIRS.ofB,
    alreadyPresentUsers: [alice],
    action,
    extraConversationData: null,
  })
  const rename = { tag: 'ConversationRenameTag', action: { name: 'renamed' } }
  const alexHere = { domain: A, id: alex }
  const join = (user: QualifiedUserId) => ({
    tag: 'ConversationJoinTag',
    action: { users: [user], role: 'wire_member', join_type: 'internal_add' },
  })
  const remove = {
    tag: 'ConversationRemoveMembersTag',
    action: { targets: [aliceHere], reason: 'removed' },
  }
  const message = {
    time: '2026-01-02T00:00:00.000Z',
    data: null,
    sender: bob,
    sender_client: CLIENTS.ofBob,
    conversation: THEIRS.ofB,
    priority: null,
    push: true,
    transient: false,
    recipients: { [alice]: { [ofAlice]: 'Y2lwaGVydGV4dA==' } },
  }
  return {
    'on-conversation-created': {
      '': changes(creation({ by: REMOTE.bob, conversation: THEIRS.nowhere, members: [alice] })),
    },
    'on-message-sent': { '': changes(message) },
    'on-notifications': {
      '': changes({
        notifications: [{ path: 'on-message-sent', version: 3, request_id: 'in-a-batch', body: message }],
      }),
    },
    'on-conversation-updated': {
      renaming: changes(update(rename)),
      removing: changes(update(remove)),
      joining: changes(update(join({ domain: B, id: REMOTE.ben }))),
      'joining himself': changes(update(join(alexHere), alexHere)),
      leaving: changes(update({ tag: 'ConversationLeaveTag', action: {} }, aliceHere)),
      deleting: changes(update({ tag: 'ConversationDeleteTag', action: {} })),
    },
    'on-conversation-updated-v0': {
      '': changes({
        cuTime: '2026-01-02T00:00:00.000Z',
        cuOrigUserId: bob,
        cuConvId: THEIRS.ofB,
        cuAlreadyPresentUsers: [alice],
        cuAction: rename,
      }),
    },
    'on-typing-indicator-updated': {
      '': changes({
        time: '2026-01-02T00:00:00.000Z',
        orig_user_id: bob,
        conv_id: THEIRS.ofB,
        users_in_conv: [alice],
        typing_status: { status: 'started' },
      }),
    },
  }
}

/** Everybody may have the open one; the closed one is asked for without its token. */
const assetCalls = (): Calls => {
  const open = asks({ user: REMOTE.bob, key: ASSETS.open, token: null })
  const closed = asks({ user: REMOTE.bob, key: ASSETS.closed, token: null })
  return {
    'get-asset': { open, closed: { ...closed, never: AVAILABLE } },
    'stream-asset': { open },
  }
}
