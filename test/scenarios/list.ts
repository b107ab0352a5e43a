/**
 * What a correct backend does, by number. Tests name the scenarios they show at the start of their own names. P0: a
 * federated chat is broken without it; P1: users expect it; P2: completeness.
 */
export type Priority = 'P0' | 'P1' | 'P2'

export const PRIORITIES: readonly Priority[] = ['P0', 'P1', 'P2']

export interface Scenario {
  readonly id: string
  /** The letters of the id. */
  readonly area: string
  readonly priority: Priority
  readonly about: string
}

/** In the order of the areas, within them by priority. */
const LIST = `
FED-001 P0 a peer's call reaches the service it names
FED-002 P0 our call reaches the peer's federator
FED-003 P0 a caller without domain or certificate
FED-004 P0 a caller that claims somebody else's domain
FED-007 P0 a caller that is not allowed
FED-010 P0 paths that no service may see
FED-014 P0 a domain that publishes no federator
FED-016 P0 a peer that refuses connections
FED-018 P0 a peer's error inside ours
FED-021 P0 agreeing on a version
FED-031 P0 what is queued outlives an outage
FED-032 P0 everything that goes on while a backend is away
FED-006 P1 which names of a certificate count
FED-009 P1 whom we federate with
FED-011 P1 other methods and query strings
FED-012 P1 a call that does not exist
FED-017 P1 certificates of servers that do not do
FED-020 P1 without a federator of our own
FED-023 P1 no version in common
FED-024 P1 versions told to clients
FED-025 P1 keeping the list of remotes
FED-027 P1 all backends know each other
FED-028 P1 two backends do not know each other
FED-039 P1 a protocol that is not federated
FED-040 P1 what only the hosting backend can change
FED-035 P2 an unreadable entry of the queue
FED-037 P2 reading certificates anew
USR-001 P0 the profile of somebody elsewhere
USR-002 P0 profiles from many backends
USR-013 P0 finding somebody elsewhere by exact handle
USR-006 P1 who has this handle
USR-007 P1 taking and changing a handle
USR-008 P1 handles that are taken or malformed
USR-011 P1 telling of a changed profile
USR-012 P1 protocols that somebody supports
USR-014 P1 how far each side lets itself be searched
USR-015 P1 search limited to teams
USR-017 P1 search on one backend
USR-018 P1 whose search is answered
USR-019 P1 teams that show themselves or not
USR-024 P1 lookups where nothing is federated
USR-021 P2 people who do not want to be found
USR-023 P2 how much a search elsewhere may return
CON-001 P0 asking and accepting
CON-002 P0 the conversation of a request not yet answered
CON-003 P0 the conversation's id follows from the two people
CON-004 P0 asking twice
CON-005 P0 both ask
CON-016 P0 the other backend is away
CON-022 P0 being asked by a stranger elsewhere
CON-007 P1 ignored, asked again, accepted
CON-008 P1 taken back while ignored, then accepted
CON-009 P1 blocked, asked meanwhile, unblocked
CON-013 P1 changes that are not allowed
CON-014 P1 people one cannot connect with
CON-017 P1 teams that do not federate
CON-018 P1 how many connections one may have
CON-020 P1 a deleted account is nobody's connection
CON-026 P1 nobody learns that he is blocked
CON-028 P1 listings of a request that was sent
CON-029 P1 what happens in the conversation of a request
CON-031 P1 both sides end alike whatever the order
CON-027 P2 each side moves its own member only
CON-030 P2 statuses for other services
CLI-001 P0 registering a device
CLI-002 P0 a second device takes the password
CLI-003 P0 the devices of somebody elsewhere
CLI-004 P0 a prekey of one device
CLI-005 P0 prekeys of many people
CLI-007 P1 prekeys of all devices of somebody
CLI-008 P1 a temporary device
CLI-009 P1 removing a device
CLI-011 P1 changing a device
CLI-012 P1 signature keys of a device
CLI-017 P1 prekeys claimed by peers
CLI-014 P2 when a device was last seen
CLI-018 P2 capabilities as each version spells them
CNV-001 P0 a group of people here and elsewhere
CNV-002 P0 a group while a backend is away
CNV-003 P0 a group over backends that do not know each other
CNV-004 P0 members must be connected
CNV-008 P0 being told of a group elsewhere
CNV-009 P0 reading a group of ours
CNV-010 P0 reading a group elsewhere
CNV-012 P0 listing which groups there are
CNV-013 P0 adding members
CNV-014 P0 adding while backends are away
CNV-019 P0 removing a member
CNV-020 P0 leaving a group of ours
CNV-021 P0 leaving a group elsewhere
CNV-024 P0 giving somebody another role
CNV-026 P0 another name
CNV-037 P0 somebody is typing
CNV-005 P1 groups that are too large or malformed
CNV-006 P1 an account that proved no identity creates a group
CNV-017 P1 who may add
CNV-023 P1 removals that are refused
CNV-025 P1 what each role may do
CNV-027 P1 messages that expire
CNV-030 P1 guests go when access is narrowed
CNV-031 P1 everybody hears of another access
CNV-034 P1 access roles as each version spells them
CNV-035 P1 muted, archived, hidden
CNV-036 P1 what these are to begin with
CNV-039 P1 deleting a group of a team
CNV-041 P1 a guest link: made, read, withdrawn
CNV-042 P1 who may make a guest link
CNV-043 P1 joining by a guest link
CNV-047 P1 setting the whole list of members
CNV-048 P1 the conversation with oneself
CNV-049 P1 roles of a team
CNV-050 P1 groups of a team are for the team
CNV-057 P1 members on backends of an old version
CNV-046 P2 guests and their role
CNV-055 P2 a conversation that shadows another
CNV-056 P2 guest links on several hosts
MSG-001 P0 a message to all devices, here and elsewhere
MSG-002 P0 devices that were left out are named
MSG-005 P0 how strictly devices must be complete
MSG-006 P0 a sender that is unknown or not in the group
MSG-007 P0 a member whose backend is away
MSG-009 P0 writing into a group elsewhere
MSG-010 P0 the backend of the group is away
MSG-012 P1 messages that nobody stores
MSG-013 P1 waking phones, and how urgently
MSG-014 P1 what a sender does not learn about others
MSG-016 P1 a device that appears between two messages
MSG-017 P1 a device that is gone
MSG-019 P2 messages that are too large or malformed
AST-001 P0 a file here
AST-002 P0 a file elsewhere
AST-003 P0 who may have a file
AST-005 P1 the file's backend is unknown or away
AST-007 P1 a file for everybody
AST-008 P1 deleting a file
AST-010 P1 files that are too large or malformed
AST-011 P1 how long files are kept
AST-013 P2 older paths, and what a client accepts
NTF-001 P0 told at once on the websocket
NTF-002 P0 catching up after being away
NTF-007 P0 no echo to whoever caused it
NTF-005 P1 catching up from an id that is unknown or malformed
NTF-008 P1 what is told and not kept
NTF-009 P1 signs of life on a websocket
NTF-012 P1 where a new device begins
NTF-013 P1 push tokens
NTF-015 P1 forgetting somebody
NTF-017 P1 events that a device acknowledges
NTF-014 P2 waking phones only when needed
NTF-019 P2 telling that something was missed
NTF-020 P2 marking where the present begins
NTF-022 P2 events without a device
NTF-023 P2 the server's time
DEL-001 P0 contacts hear of a deleted account
DEL-002 P0 a deleted account leaves the groups here
DEL-003 P0 a deleted account leaves the groups elsewhere
DEL-007 P0 a removed device leaves its MLS groups
DEL-005 P1 being told that somebody elsewhere left all groups
DEL-008 P1 removed from a team
DEL-011 P1 deleted while a backend is away for long
KPK-001 P0 uploading and counting key packages
KPK-002 P0 claiming key packages
KPK-003 P0 claiming key packages elsewhere
KPK-004 P0 key packages that are refused
KPK-007 P1 deleting key packages
KPK-008 P1 replacing key packages
KPK-011 P1 which devices of somebody speak MLS
MLS-001 P0 creating an MLS group
MLS-002 P0 the first commit brings members in
MLS-003 P0 commits after that
MLS-004 P0 messages to the group
MLS-005 P0 a commit that comes too late
MLS-006 P0 a commit must add all devices of somebody
MLS-008 P0 one's own other devices in the first commit
MLS-009 P0 a commit that removes members
MLS-020 P0 additions follow the rules of all groups
MLS-021 P0 additions from backends that are away or unknown to each other
MLS-023 P0 a member elsewhere writes
MLS-025 P0 the backend of the MLS group is away
MLS-026 P0 welcoming people elsewhere
MLS-028 P0 leaving makes proposals to remove
MLS-031 P0 joining by an external commit
MLS-010 P1 proposals, then a commit
MLS-011 P1 a commit must take up every proposal
MLS-014 P1 messages before the first commit
MLS-015 P1 a sender that is somebody else
MLS-016 P1 group ids that do not fit
MLS-017 P1 cipher suites
MLS-018 P1 the committer's new leaf
MLS-024 P1 a member elsewhere may not add
MLS-032 P1 external commits that are refused
MLS-035 P1 a device proposes to be added
MLS-039 P1 members change without a commit
MLS-040 P1 the backend's public keys
MLS-042 P1 a device elsewhere is removed
MLS-043 P1 the creator's device is removed
MLS-046 P1 teams of one
MLS-048 P1 the lock of a commit is given back
MLS-038 P2 whether the group info agrees with the group
SUB-001 P1 reading one that does not exist yet
SUB-002 P1 the first commit, and joining
SUB-003 P1 who is kept out
SUB-004 P1 parents that cannot have one
SUB-006 P1 leaving one
SUB-008 P1 the last one leaves
SUB-009 P1 starting it over
SUB-010 P1 removed from the parent
SUB-014 P1 messages in one
SUB-015 P2 a parent elsewhere
O2O-001 P1 asking for the conversation of two
O2O-002 P1 its first commit
O2O-003 P1 its first commit adds the other and nobody else
O2O-004 P1 two who are not connected
O2O-006 P1 unblocked, and back in
O2O-009 P1 the MLS conversation with oneself
O2O-008 P2 one that is not finished is not shown
RST-001 P1 starting a group over
RST-002 P1 when a group is not started over
RST-004 P1 starting over alone or with one other
RST-005 P1 starting over a group elsewhere
RST-007 P1 from Proteus to both
RST-008 P1 only groups of a team migrate
RST-009 P2 what works while it is both
`

export const SCENARIOS: readonly Scenario[] = LIST.trim()
  .split('\n')
  .map((line) => {
    const [id = '', priority, ...words] = line.split(' ')
    return { id, area: areaOf(id), priority: priorityOf(priority), about: words.join(' ') }
  })

export function areaOf(id: string): string {
  return id.slice(0, id.indexOf('-'))
}

function priorityOf(word: string | undefined): Priority {
  const priority = PRIORITIES.find((known) => known === word)
  if (priority === undefined) throw new Error(`${word} is not a priority`)
  return priority
}
