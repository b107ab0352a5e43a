/** May these people be brought into a group by this one? (rules.md §5, client-conversations.md §3) */
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { refuseJoiner } from './access.ts'
import { type Conversation, userKey } from './conversation.ts'
import { lookUpConnected, lookUpPeople, type People } from './people.ts'

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
}

export interface Invitation {
  /** A user of ours. */
  readonly by: QualifiedUserId
  readonly invitees: readonly QualifiedUserId[]
  readonly conversation: Pick<Conversation, 'team' | 'accessRoles'>
  /** In a conversation together already: then it does not matter whether they are connected. */
  readonly areFellows?: boolean
}

/** What there is to know about an invitation, before anything is decided. */
export interface Guests {
  readonly people: People
  readonly connected: ReadonlySet<string>
}

export const lookUpGuests = async (
  { domain, brig }: Needs,
  { by, invitees }: Pick<Invitation, 'by' | 'invitees'>,
  requestId: string,
): Promise<Guests> => {
  const local = invitees.filter((user) => user.domain === domain).map(({ id }) => id)
  const [people, connected] = await Promise.all([
    lookUpPeople(brig, [by.id, ...local], requestId),
    lookUpConnected(brig, { from: by, to: invitees, requestId }),
  ])
  return { people, connected }
}

/** Undefined when nothing is to be said against a group of these people. */
export const refuseCreation = (
  invitation: Invitation,
  guests: Guests,
): 'operation-denied' | 'no-team-member' | 'not-connected' | 'access-denied' | undefined => {
  const { by, invitees, conversation } = invitation
  const creator = guests.people.get(by.id)
  if (!creator?.isVerified) return 'operation-denied'
  if (conversation.team !== null && creator.team !== conversation.team) return 'no-team-member'
  if (creator.isPartner && invitees.length > 1) return 'operation-denied'
  return (invitation.areFellows ? undefined : refuseStrangers(invitation, guests)) ?? refuseGuests(invitation, guests)
}

/** Undefined when all of them are friends or team mates. */
export const refuseStrangers = (
  { by, invitees }: Invitation,
  { people, connected }: Guests,
): 'not-connected' | undefined => {
  const team = people.get(by.id)?.team
  const isTeamMate = (user: QualifiedUserId): boolean =>
    team !== undefined && user.domain === by.domain && people.get(user.id)?.team === team
  return invitees.every((user) => connected.has(userKey(user)) || isTeamMate(user)) ? undefined : 'not-connected'
}

/** Undefined when the conversation's roles admit all of them. Of users elsewhere we know only that they are outside. */
export const refuseGuests = (
  { by, invitees, conversation }: Invitation,
  { people }: Guests,
): 'access-denied' | 'no-team-member' | undefined => {
  for (const user of invitees) {
    const person = user.domain === by.domain ? people.get(user.id) : ELSEWHERE
    const objection = refuseJoiner(conversation, person)
    if (objection) return objection
  }
  return undefined
}

const ELSEWHERE = { team: undefined, isVerified: true }
