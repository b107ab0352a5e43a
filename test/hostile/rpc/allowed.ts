/**
 * What a backend may bring about or be told with a name in a call that stands for somebody else, and why. Everything
 * that is not here must change nothing and tell nothing. The list may only shrink: what is on it and does not happen
 * fails the test.
 */
export interface Allowed {
  readonly rpcs: readonly string[]
  /** Of these calls only; of all, if not given. */
  readonly about?: string
  readonly path: string
  readonly to: readonly string[]
  readonly because: string
  /** It may make ours speak of other backends. */
  readonly ofAnybody?: true
}

const USERS = ['alice', 'alex', 'bob', 'ben', 'carla', 'nobody']
const CLIENTS = ['ofAlice', 'ofAlex', 'ofBob', 'ofCarla', 'ofNobody']
const DOMAINS = ['a', 'b', 'c', 'nowhere']

const ofAnyUserOfOurs = 'whoever federates with us may ask about any user of ours (federation-api.md §6)'
const whateverItsId = 'an id without domain is of the calling backend, whatever else has the same id (§1)'
const ownerSays = 'the owner of a conversation says who acted in it and who is in it; it may be anybody (§10)'
const joinsHimself = 'who joins by himself needs no connection with anybody (§7.9), and the owner says that he does'
const goesAnyway = 'who of ours is named as present decides who is told, not who is removed (§7.9)'
const forEverybody = 'an asset without token is for everybody (§8)'
const notRead = 'the id besides the qualified one is not read (§4.6)'

const CHANGES_BY_OWNER = ['on-conversation-updated', 'on-conversation-updated-v0']

function ofMessages(rpcs: readonly string[], at: string): Allowed[] {
  return [
    { rpcs, path: `${at}sender.id`, to: USERS, because: ownerSays },
    { rpcs, path: `${at}sender.domain`, to: DOMAINS, because: ownerSays, ofAnybody: true },
    { rpcs, path: `${at}sender_client`, to: CLIENTS, because: ownerSays },
    { rpcs, path: `${at}recipients.*.{}`, to: CLIENTS, because: 'a device that is none hears nothing' },
  ]
}

export const ALLOWED: readonly Allowed[] = [
  {
    rpcs: [
      'get-user-by-handle',
      'get-users-by-ids',
      'search-users',
      'claim-prekey',
      'claim-prekey-bundle',
      'claim-multi-prekey-bundle',
      'get-user-clients',
      'promise-clients',
      'get-mls-clients-v0',
      'get-mls-clients',
      'claim-key-packages',
    ],
    path: '(origin)',
    to: ['c'],
    because: ofAnyUserOfOurs,
  },
  { rpcs: ['claim-prekey-bundle'], path: '$', to: ['alex'], because: ofAnyUserOfOurs },
  { rpcs: ['claim-key-packages'], path: 'target', to: ['alex'], because: ofAnyUserOfOurs },
  { rpcs: ['claim-key-packages'], path: 'claimant', to: USERS, because: whateverItsId },
  {
    rpcs: ['send-connection-action'],
    path: 'from',
    to: ['alice', 'alex', 'bob', 'carla', 'nobody'],
    because: whateverItsId,
  },
  { rpcs: ['send-connection-action'], path: 'to', to: ['alex'], because: 'anybody may ask anybody for a connection' },
  { rpcs: ['send-connection-action'], path: '(origin)', to: ['c'], because: 'so may a user of another backend' },
  {
    rpcs: ['on-conversation-created'],
    path: 'cnv_id',
    to: ['shared', 'secret', 'ofB', 'ofC'],
    because: whateverItsId,
  },
  { rpcs: ['on-conversation-created'], path: 'non_creator_members.0.id', to: USERS, because: notRead },
  ...ofMessages(['on-message-sent'], ''),
  ...ofMessages(['on-notifications'], 'notifications.0.body.'),
  { rpcs: CHANGES_BY_OWNER, path: 'origUserId.id', to: USERS, because: ownerSays },
  { rpcs: CHANGES_BY_OWNER, path: 'origUserId.domain', to: DOMAINS, because: ownerSays, ofAnybody: true },
  { rpcs: CHANGES_BY_OWNER, path: 'cuOrigUserId.id', to: USERS, because: ownerSays },
  { rpcs: CHANGES_BY_OWNER, path: 'cuOrigUserId.domain', to: DOMAINS, because: ownerSays, ofAnybody: true },
  { rpcs: CHANGES_BY_OWNER, path: 'alreadyPresentUsers.0', to: USERS, because: goesAnyway },
  { rpcs: CHANGES_BY_OWNER, path: 'action.action.targets.0.id', to: USERS, because: ownerSays },
  {
    rpcs: CHANGES_BY_OWNER,
    path: 'action.action.targets.0.domain',
    to: DOMAINS,
    because: ownerSays,
    ofAnybody: true,
  },
  { rpcs: CHANGES_BY_OWNER, path: 'action.action.users.0.id', to: USERS, because: ownerSays },
  {
    rpcs: CHANGES_BY_OWNER,
    path: 'action.action.users.0.domain',
    to: DOMAINS,
    because: ownerSays,
    ofAnybody: true,
  },
  {
    rpcs: CHANGES_BY_OWNER,
    about: 'joining himself',
    path: 'convId',
    to: ['shared', 'secret', 'ofC', 'nowhere'],
    because: joinsHimself,
  },
  { rpcs: CHANGES_BY_OWNER, about: 'joining himself', path: '(origin)', to: ['c'], because: joinsHimself },
  { rpcs: ['get-asset', 'stream-asset'], about: 'open', path: 'user', to: USERS, because: forEverybody },
  { rpcs: ['get-asset', 'stream-asset'], about: 'open', path: '(origin)', to: ['c'], because: forEverybody },
  { rpcs: ['get-asset'], about: 'closed', path: 'key', to: ['open'], because: forEverybody },
  { rpcs: ['on-typing-indicator-updated'], path: 'orig_user_id.id', to: USERS, because: ownerSays },
  {
    rpcs: ['on-typing-indicator-updated'],
    path: 'orig_user_id.domain',
    to: DOMAINS,
    because: ownerSays,
    ofAnybody: true,
  },
]
