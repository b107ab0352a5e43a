/** What has to be known of others before a conversation is changed: who they are, and whether they may be in it. */
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { ConversationProtocol } from '#src/contract/vocabulary.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { Change, ChangeRefusal, WishedChange } from './change.ts'
import type { EventTimes } from './event-times.ts'
import { checkAddition, type FederationObstacle } from './federation-check.ts'
import { lookUpGuests, refuseGuests, refuseStrangers } from './invitees.ts'
import { judge } from './judge-change.ts'
import { lookUpPeople, NOBODY, type People } from './people.ts'
import { ensureSelfConversation } from './self-conversation.ts'
import type { GalleyStore } from './store.ts'
import type { Standing } from './store-changes.ts'

export interface PreparingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly times: EventTimes
  /** Members that a group may have. */
  readonly membersMax: number
  /** Conversations of which protocols users of other backends may be in. */
  readonly federatedProtocols: readonly ConversationProtocol[]
}

export interface Prepared {
  readonly outcome: 'prepared'
  readonly people: People
  /** Of the members that this is about; undefined when it holds whoever they are. */
  readonly revision?: number
}

type Preparation =
  | Prepared
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly why: ChangeRefusal }
  | FederationObstacle

const NOTHING_NEEDED: Prepared = { outcome: 'prepared', people: NOBODY }

export const prepareChange = async (needs: PreparingNeeds, wished: WishedChange): Promise<Preparation> => {
  const { actor, wish } = wished
  await ensureSelfConversation(needs, wished)
  if (wish.kind === 'action' && wish.action.tag === 'ConversationJoinTag') return prepareJoin(needs, wished)
  if (wish.kind === 'action' && wish.action.tag === 'ConversationAccessDataTag') return prepareAccess(needs, wished)
  const restsOnActor = wish.kind === 'enter' || wish.action.tag === 'ConversationRenameTag'
  if (!restsOnActor || actor.domain !== needs.domain) return NOTHING_NEEDED
  return { outcome: 'prepared', people: await lookUpPeople(needs.brig, [actor.id], wished.requestId) }
}

/** rules.md §5: everything that can be said without asking other backends is said before they are asked. */
const prepareJoin = async (needs: PreparingNeeds, wished: WishedChange): Promise<Preparation> => {
  const found = await standingFor(needs, wished)
  if (found.outcome !== 'standing') return found
  const { standing, change } = found
  const { conversation, revision } = standing
  const invitees = change.add.map(({ user }) => user)
  const invitation = { by: wished.actor, invitees, conversation }
  const guests = await lookUpGuests(needs, invitation, wished.requestId)
  const objection = refuseGuests(invitation, guests) ?? refuseStrangers(invitation, guests)
  if (objection) return { outcome: 'refused', why: objection }

  const joining = elsewhere(needs.domain, invitees)
  if (joining.length > 0 && !needs.federatedProtocols.includes(conversation.protocol)) {
    return { outcome: 'refused', why: 'protocol-not-federated' }
  }
  const present = elsewhere(
    needs.domain,
    standing.members.map(({ user }) => user),
  )
  const checked = await checkAddition(needs.remotes, { joining, present, requestId: wished.requestId })
  return checked.outcome === 'connected' ? { outcome: 'prepared', people: guests.people, revision } : checked
}

const prepareAccess = async (needs: PreparingNeeds, wished: WishedChange): Promise<Preparation> => {
  const found = await standingFor(needs, wished)
  if (found.outcome !== 'standing') return found
  const { members, revision } = found.standing
  const ours = members.filter(({ user }) => user.domain === needs.domain).map(({ user }) => user.id)
  return { outcome: 'prepared', people: await lookUpPeople(needs.brig, ours, wished.requestId), revision }
}

type Found =
  | { readonly outcome: 'standing'; readonly standing: Standing; readonly change: Change }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly why: ChangeRefusal }

/** How the conversation stands, unless the change comes to nothing anyway. */
const standingFor = async ({ store, domain, membersMax }: PreparingNeeds, wished: WishedChange): Promise<Found> => {
  const standing = await store.standing(wished.conversation)
  if (!standing) return { outcome: 'refused', why: 'not-found' }
  const verdict = judge(standing, wished, { domain, membersMax, people: NOBODY })
  return verdict.outcome === 'accepted' ? { outcome: 'standing', standing, change: verdict.change } : verdict
}

const elsewhere = (own: Domain, users: readonly QualifiedUserId[]): Domain[] => [
  ...new Set(users.map(({ domain }) => domain).filter((domain) => domain !== own)),
]
